using System.Globalization;
using System.Net;
using BillApis.AspNetCore;
using Microsoft.AspNetCore.DataProtection;
using NodaTime;
using NodaTime.Text;

namespace BillApis.Host;

/// <summary>The configuration, checked: a wrong setting is refused before anything starts.</summary>
internal sealed record HostSettings(string[] Urls, Func<BillingBuilder, BillingBuilder> Storage, Action<IDataProtectionBuilder> KeyRing, IPNetwork[] Proxies, Action<RestOptions> Rest)
{
    public const string SplitFlag = "--split";
    private const string All = "all";

    private static readonly string[] Known =
    [
        "Storage", "ConnectionString", "Admin", "Admin:Email", "Admin:Password", "Clock", "TestClock", "TestClock:Start", "Services", "RateLimit", "RateLimit:PerCaller", "RateLimit:PerTenant", "Ledger",
        "TigerBeetle", "TigerBeetle:Addresses", "TigerBeetle:ClusterId", "TigerBeetle:Library", "Usage", "ClickHouse", "ClickHouse:Url", "Cache", "Redis", "Redis:ConnectionString", "Stream",
        "UsageRetention", "UsageRetention:Months", "UsageRetention:Folder", "Pdf", "Pdf:Fonts", "Outgoing", "Outgoing:Networks", "Outgoing:Http", "Postgres", "Postgres:RowLevelSecurity", "KeyRing", "KeyRing:Certificates", "KeyRing:Password", "Proxies",
    ];

    public static HostSettings Read(IConfiguration configuration, bool split)
    {
        var billing = configuration.GetSection("Billing");
        foreach (var (key, value) in billing.AsEnumerable(makePathsRelative: true).Where(item => item.Key.Length > 0 && !Known.Contains(item.Key, StringComparer.OrdinalIgnoreCase)))
        {
            throw new SettingException($"Billing:{key}", value, $"the keys {string.Join(", ", Known.Where(name => !Known.Any(other => other.StartsWith(name + ":", StringComparison.Ordinal))).Select(name => $"Billing:{name}"))}");
        }

        OneOf(billing, "Usage", "sql");
        OneOf(billing, "Cache", "memory");
        OneOf(billing, "Stream", "none");
        var (services, start) = (Services(billing), TestClockStart(billing));
        var (perCaller, perTenant) = (PerMinute(billing, "RateLimit:PerCaller"), PerMinute(billing, "RateLimit:PerTenant"));
        var (storage, ledger, retention) = (StorageOf(billing), LedgerSettings.Read(billing), RetentionSettings.Read(billing));
        var (fonts, outgoing) = (PdfSettings.Read(billing), OutgoingSettings.Read(billing));
        return new HostSettings(Listen(configuration, split, services), builder => outgoing(retention(ledger(storage(builder)))), KeyRingSettings.Read(billing), OutgoingSettings.Networks(billing, "Proxies"), options =>
        {
            options.Standalone = true;
            options.Split = split;
            options.Services = services;
            options.TestClockStart = start;
            (options.RequestsPerMinute, options.TenantRequestsPerMinute) = (perCaller, perTenant);
            options.PdfFonts = fonts;
            options.AdministratorEmail = billing["Admin:Email"] ?? options.AdministratorEmail;
            options.AdministratorPassword = billing["Admin:Password"];
            options.ShowGeneratedPassword = (email, password) => Console.WriteLine($"First administrator: {email} with password {password} (shown this once; change it with POST /api/v1/auth/password)");
        });
    }

    internal static string OneOf(IConfiguration billing, string key, params string[] allowed)
    {
        var value = billing[key] ?? allowed[0];
        return allowed.Contains(value, StringComparer.Ordinal) ? value : throw new SettingException($"Billing:{key}", value, string.Join(", ", allowed));
    }

    private static Func<BillingBuilder, BillingBuilder> StorageOf(IConfiguration billing)
    {
        var (connection, guarded) = (billing["ConnectionString"], OneOf(billing, "Postgres:RowLevelSecurity", "false", "true") is "true");
        return OneOf(billing, "Storage", "sqlite", "postgres") is "sqlite"
            ? guarded ? throw new SettingException("Billing:Postgres:RowLevelSecurity", "true", "false, unless Billing:Storage is 'postgres'")
            : builder => builder.UseSqlite(connection ?? "Data Source=billing.db")
            : connection is null
                ? throw new SettingException("Billing:ConnectionString", null, "a PostgreSQL connection string like Host=localhost;Database=billing;Username=billing, since Billing:Storage is 'postgres'")
                : builder => builder.UsePostgres(connection, guarded);
    }

    private static Instant? TestClockStart(IConfiguration billing)
    {
        var start = billing["TestClock:Start"];
        if (OneOf(billing, "Clock", "system", "test") is "system")
        {
            return start is null ? null : throw new SettingException("Billing:TestClock:Start", start, "nothing, unless Billing:Clock is 'test'");
        }

        var parsed = start is null ? ParseResult<Instant>.ForValue(Instant.FromDateTimeOffset(TimeProvider.System.GetUtcNow())) : InstantPattern.ExtendedIso.Parse(start);
        return parsed.Success ? parsed.Value : throw new SettingException("Billing:TestClock:Start", start, "an instant like 2026-01-01T00:00:00Z");
    }

    private static int? PerMinute(IConfiguration billing, string key) =>
        billing[key] is not { } value ? null
        : int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var requests) && requests > 0 ? requests
        : throw new SettingException($"Billing:{key}", value, "a number of requests in a minute like 600, or nothing for any number");

    private static string[] Services(IConfiguration billing)
    {
        var value = billing["Services"] ?? All;
        var names = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return names is [All] ? [.. RestOptions.KnownServices.Keys]
            : names.Length > 0 && names.All(RestOptions.KnownServices.ContainsKey) ? names
            : throw new SettingException("Billing:Services", value, $"{All}, or some of {string.Join(", ", RestOptions.KnownServices.Keys.Order(StringComparer.Ordinal))} with commas between");
    }

    private static string[] Listen(IConfiguration configuration, bool split, string[] services)
    {
        var value = configuration["urls"] ?? "http://localhost:8080";
        var urls = value.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (urls.Length == 0 || urls.Any(url => !IsAddress(url)))
        {
            throw new SettingException("urls", value, "addresses like http://localhost:8080, with semicolons between");
        }

        return split ? [.. services.Select(service => AtPort(urls[0], RestOptions.KnownServices[service]))] : urls;
    }

    private static string AtPort(string url, int port)
    {
        var host = Address(url)!;
        return $"{host.Scheme}://{host.Host}:{port}";
    }

    private static bool IsAddress(string url) => Address(url) is { Scheme: "http" or "https", Host.Length: > 0 };

    // The server's "any address" is not a host name that a URI may have.
    private static Uri? Address(string url) =>
        Uri.TryCreate(url.Replace("//*", "//0.0.0.0", StringComparison.Ordinal).Replace("//+", "//0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out var address) ? address : null;
}
