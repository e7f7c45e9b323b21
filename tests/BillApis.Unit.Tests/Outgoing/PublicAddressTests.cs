using System.Net;
using BillApis.Outgoing;

namespace BillApis.Unit.Tests.Outgoing;

/// <summary>The oracle is IANA's two registries of special-purpose addresses, their column "globally reachable", and the registries of multicast addresses and of IPv6 space.</summary>
public sealed class PublicAddressTests
{
    private static readonly IPNetwork[] None = [];

    // Network and name as registered. 192.0.0.0/24 and 2001::/23 have parts that are reachable, which nobody serves webhooks from.
    public static TheoryData<string, string> NotReachable => new()
    {
        { "0.0.0.0/8", "This network" }, { "0.0.0.0/32", "This host on this network" }, { "10.0.0.0/8", "Private-Use" }, { "100.64.0.0/10", "Shared Address Space" }, { "127.0.0.0/8", "Loopback" },
        { "169.254.0.0/16", "Link Local" }, { "172.16.0.0/12", "Private-Use" }, { "192.0.0.0/24", "IETF Protocol Assignments" }, { "192.0.0.0/29", "IPv4 Service Continuity Prefix" }, { "192.0.0.8/32", "IPv4 dummy address" },
        { "192.0.0.170/32", "NAT64/DNS64 Discovery" }, { "192.0.0.171/32", "NAT64/DNS64 Discovery" }, { "192.0.2.0/24", "Documentation (TEST-NET-1)" }, { "192.88.99.0/24", "Deprecated (6to4 Relay Anycast)" },
        { "192.168.0.0/16", "Private-Use" }, { "198.18.0.0/15", "Benchmarking" }, { "198.51.100.0/24", "Documentation (TEST-NET-2)" }, { "203.0.113.0/24", "Documentation (TEST-NET-3)" }, { "224.0.0.0/4", "Multicast" },
        { "240.0.0.0/4", "Reserved" }, { "255.255.255.255/32", "Limited Broadcast" }, { "::1/128", "Loopback Address" }, { "::/128", "Unspecified Address" }, { "64:ff9b:1::/48", "IPv4-IPv6 Translation, local" },
        { "100::/64", "Discard-Only Address Block" }, { "100:0:0:1::/64", "Dummy IPv6 Prefix" }, { "2001::/23", "IETF Protocol Assignments" }, { "2001::/32", "TEREDO" }, { "2001:2::/48", "Benchmarking" },
        { "2001:10::/28", "Deprecated (previously ORCHID)" }, { "2001:db8::/32", "Documentation" }, { "2002::/16", "6to4" }, { "3fff::/20", "Documentation" }, { "5f00::/16", "Segment Routing SIDs" }, { "fc00::/7", "Unique-Local" },
        { "fe80::/10", "Link-Local Unicast" }, { "fec0::/10", "Deprecated (site local)" }, { "ff00::/8", "Multicast" }, { "::/96", "Deprecated (IPv4-compatible)" }, { "4000::/3", "not given out" }, { "1000::/4", "not given out" },
    };

    [Theory]
    [MemberData(nameof(NotReachable))]
    public void What_is_not_globally_reachable_is_not_sent_to_from_its_first_address_to_its_last(string network, string name)
    {
        var found = IPNetwork.Parse(network);
        PublicAddress.IsOpen(found.BaseAddress, None).ShouldBeFalse(name);
        PublicAddress.IsOpen(LastOf(found), None).ShouldBeFalse(name);
        PublicAddress.IsOpen(LastOf(found), [found]).ShouldBeTrue(name);
    }

    // The neighbours of what is set aside, and some that are well known.
    [Theory]
    [InlineData("1.0.0.0")]
    [InlineData("9.255.255.255")]
    [InlineData("11.0.0.0")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.0")]
    [InlineData("126.255.255.255")]
    [InlineData("128.0.0.0")]
    [InlineData("169.253.255.255")]
    [InlineData("169.255.0.0")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("191.255.255.255")]
    [InlineData("192.0.1.0")]
    [InlineData("192.0.3.0")]
    [InlineData("192.167.255.255")]
    [InlineData("192.169.0.0")]
    [InlineData("198.17.255.255")]
    [InlineData("198.20.0.0")]
    [InlineData("198.51.99.255")]
    [InlineData("203.0.114.0")]
    [InlineData("223.255.255.255")]
    [InlineData("8.8.8.8")]
    [InlineData("2001:200::1")]
    [InlineData("2001:db7:ffff::1")]
    [InlineData("2001:db9::1")]
    [InlineData("2003::1")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("3ffe:ffff::1")]
    [InlineData("3fff:1000::1")]
    public void What_is_reachable_is_sent_to(string address) => PublicAddress.IsOpen(IPAddress.Parse(address), None).ShouldBeTrue();

    [Theory]
    [InlineData("::ffff:127.0.0.1", "::ffff:93.184.216.34", "127.0.0.0/8")]
    [InlineData("64:ff9b::10.0.0.1", "64:ff9b::93.184.216.34", "10.0.0.0/8")]
    [InlineData("64:ff9b::a9fe:a9fe", "64:ff9b::5db8:d822", "169.254.169.254/32")]
    public void An_address_within_an_address_is_what_counts(string closed, string open, string allowed)
    {
        PublicAddress.IsOpen(IPAddress.Parse(closed), None).ShouldBeFalse();
        PublicAddress.IsOpen(IPAddress.Parse(open), None).ShouldBeTrue();
        PublicAddress.IsOpen(IPAddress.Parse(closed), [IPNetwork.Parse(allowed)]).ShouldBeTrue();
    }

    // 6to4: the address of IPv4 stands after 2002.
    [Theory]
    [InlineData("2002:7f00:1::1")]
    [InlineData("2002:0a00:0001::")]
    [InlineData("2002:5db8:d822::1")]
    public void What_6to4_would_carry_to_an_address_of_IPv4_is_not_sent_to(string address) => PublicAddress.IsOpen(IPAddress.Parse(address), None).ShouldBeFalse();

    private static IPAddress LastOf(IPNetwork network)
    {
        var bytes = network.BaseAddress.GetAddressBytes();
        for (var bit = network.PrefixLength; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] |= (byte)(0x80 >> (bit % 8));
        }

        return new IPAddress(bytes);
    }
}
