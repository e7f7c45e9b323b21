using System.Net;

namespace BillApis.Host;

/// <summary>Where URLs that tenants set may lead besides public addresses.</summary>
internal static class OutgoingSettings
{
    public static Func<BillingBuilder, BillingBuilder> Read(IConfiguration billing)
    {
        var (networks, http) = (Networks(billing, "Outgoing:Networks"), HostSettings.OneOf(billing, "Outgoing:Http", "false", "true") is "true");
        return builder =>
        {
            builder.Services.Configure<BillingOptions>(options => (options.OutgoingNetworks, options.OutgoingHttp) = (networks, http));
            return builder;
        };
    }

    public static IPNetwork[] Networks(IConfiguration billing, string key) =>
        [.. (billing[key] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(part => IPNetwork.TryParse(part, out var network)
            ? network
            : throw new SettingException($"Billing:{key}", billing[key], "networks like 10.1.0.0/16 or fd00::/8, with commas between"))];
}
