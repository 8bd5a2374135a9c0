/* SPDX-License-Identifier: GPL-3.0-or-later
 * ns3_rig.cc -- the rig of section 4.4 in ns-3: six hosts, one 10 Gb/s switch, 20 TCP streams in and 30 out.
 *
 * Network and TCP only: ns-3 has no rings, interrupts or CPUs.  Prints simulated seconds, wall seconds, frames put on
 * a link ("hops") and goodput, so that bench.sh can set them beside xbow's. */
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "ns3/applications-module.h"
#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"

using namespace ns3;

static uint64_t hops;
static void count_hop(Ptr<const Packet>) { hops++; }

int main(int argc, char **argv)
{
    const double seconds = argc > 1 ? atof(argv[1]) : 0.1;
    const uint32_t clients = 5, senders = 2, streams = 10;

    Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(1448));
    Config::SetDefault("ns3::TcpSocket::SndBufSize", UintegerValue(65536));
    Config::SetDefault("ns3::TcpSocket::RcvBufSize", UintegerValue(65536));

    NodeContainer hosts, hub;
    hosts.Create(clients + 1);
    hub.Create(1);
    InternetStackHelper internet;
    internet.Install(hosts);
    internet.Install(hub);
    PointToPointHelper wire;
    wire.SetDeviceAttribute("DataRate", StringValue("10Gbps"));
    wire.SetChannelAttribute("Delay", StringValue("1us"));
    Ipv4AddressHelper address;
    std::vector<Ipv4Address> ip;
    for (uint32_t i = 0; i <= clients; i++) {
        NetDeviceContainer ends = wire.Install(hosts.Get(i), hub.Get(0));
        char net[32];
        snprintf(net, sizeof net, "10.0.%u.0", i);
        address.SetBase(net, "255.255.255.0");
        ip.push_back(address.Assign(ends).GetAddress(0));
        for (uint32_t d = 0; d < 2; d++) ends.Get(d)->TraceConnectWithoutContext("PhyTxEnd", MakeCallback(&count_hop));
    }
    Ipv4GlobalRoutingHelper::PopulateRoutingTables();

    ApplicationContainer sinks, sources;
    uint16_t port = 5000;
    for (uint32_t c = 1; c <= clients; c++) {
        for (uint32_t s = 0; s < streams; s++, port++) {
            uint32_t from = c <= senders ? c : 0, to = c <= senders ? 0 : c;
            PacketSinkHelper sink("ns3::TcpSocketFactory", InetSocketAddress(Ipv4Address::GetAny(), port));
            sinks.Add(sink.Install(hosts.Get(to)));
            BulkSendHelper source("ns3::TcpSocketFactory", InetSocketAddress(ip[to], port));
            source.SetAttribute("SendSize", UintegerValue(8192));
            sources.Add(source.Install(hosts.Get(from)));
        }
    }
    sources.Start(MicroSeconds(1));
    Simulator::Stop(Seconds(seconds));
    auto begin = std::chrono::steady_clock::now();
    Simulator::Run();
    double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < sinks.GetN(); i++) bytes += DynamicCast<PacketSink>(sinks.Get(i))->GetTotalRx();
    printf("simulated_s %.6f wall_s %.6f hops %llu goodput_gbps %.3f\n", seconds, wall, (unsigned long long)hops,
           (double)bytes * 8 / seconds / 1e9);
    Simulator::Destroy();
    return 0;
}
