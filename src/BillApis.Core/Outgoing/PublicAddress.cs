using System.Net;
using System.Net.Sockets;

namespace BillApis.Outgoing;

/// <summary>Which addresses are the internet's: all that the registries of special-purpose addresses (RFC 6890) do not set aside.</summary>
internal static class PublicAddress
{
    private static readonly IPNetwork[] SetAside =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
            "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        }.Select(IPNetwork.Parse),
    ];

    // Nothing else of IPv6 has been given out.
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork Translated = IPNetwork.Parse("64:ff9b::/96");

    /// <summary>Whether it may be sent to.</summary>
    /// <param name="address">The address.</param>
    /// <param name="also">Networks that may be sent to although they are not the internet's.</param>
    public static bool IsOpen(IPAddress address, IReadOnlyList<IPNetwork> also)
    {
        var reached = Reached(address);
        return also.Any(network => network.Contains(reached))
            || ((reached.AddressFamily is AddressFamily.InterNetwork || GlobalUnicast.Contains(reached)) && !SetAside.Any(network => network.Contains(reached)));
    }

    // An address of IPv4 that is written as one of IPv6, or translated from one on the way, leads to the former.
    private static IPAddress Reached(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
        : Translated.Contains(address) ? new IPAddress(address.GetAddressBytes()[^4..])
        : address;
}
