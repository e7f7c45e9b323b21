using System.Globalization;
using System.Net;

namespace BillApis.Host;

/// <summary>Where the ledger is kept.</summary>
internal static class LedgerSettings
{
    private static readonly string[] Keys = ["Addresses", "ClusterId", "Library"];

    public static Func<BillingBuilder, BillingBuilder> Read(IConfiguration billing)
    {
        var cluster = billing.GetSection("TigerBeetle");
        if (HostSettings.OneOf(billing, "Ledger", "sql", "tigerbeetle") is "sql")
        {
            return Keys.FirstOrDefault(key => cluster[key] is not null) is { } key
                ? throw new SettingException($"Billing:TigerBeetle:{key}", cluster[key], "nothing, unless Billing:Ledger is 'tigerbeetle'")
                : builder => builder;
        }

        var (addresses, id) = (cluster["Addresses"], cluster["ClusterId"] ?? "0");
        if (addresses is null || addresses.Split(',').Any(address => !IsReplica(address)))
        {
            throw new SettingException("Billing:TigerBeetle:Addresses", addresses, "addresses of replicas like 127.0.0.1:3000, with commas between, since Billing:Ledger is 'tigerbeetle'");
        }

        if (!UInt128.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var clusterId))
        {
            throw new SettingException("Billing:TigerBeetle:ClusterId", id, "the number that the cluster was formatted with, like 0");
        }

        return builder => builder.UseTigerBeetle(options => (options.Addresses, options.ClusterId, options.Library) = (addresses, clusterId, cluster["Library"]));
    }

    // A port alone is one of this machine.
    private static bool IsReplica(string address) =>
        ushort.TryParse(address, NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port > 0 : IPEndPoint.TryParse(address, out var end) && end.Port > 0;
}
