using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis;

/// <summary>What each tenant chose for itself.</summary>
/// <remarks>A choice counts at once in this process, and in others after a second at most.</remarks>
public sealed class Settings(IStore<TenantSettings> store, IOptions<BillingOptions> options, IClock clock)
{
    private const int MaxAttempts = 8;
    private const long MaxAgeMilliseconds = 1_000;
    private readonly ConcurrentDictionary<TenantId, Entry> _entries = [];

    /// <summary>What counts for a tenant: its own choices, and the defaults for the rest.</summary>
    public async Task<TenantSettings> GetAsync(TenantId tenant, CancellationToken cancellationToken = default)
    {
        var stored = await TenantSettings.FindAsync(store, tenant, cancellationToken).ConfigureAwait(false) ?? New(tenant);
        var settings = stored with { LateUsage = stored.LateUsage ?? options.Value.LateUsage, UsageRetentionMonths = stored.UsageRetentionMonths ?? options.Value.UsageRetentionMonths };
        _entries[tenant] = new Entry(settings, Environment.TickCount64);
        return settings;
    }

    /// <summary>Changes the choices of a tenant; they count for what happens from now on.</summary>
    /// <exception cref="BillingException">A choice is out of its range or cannot be followed here, or other writers were faster every time.</exception>
    public async Task<TenantSettings> ChangeAsync(TenantId tenant, Func<TenantSettings, TenantSettings> change, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var before = await TenantSettings.FindAsync(store, tenant, cancellationToken).ConfigureAwait(false) ?? New(tenant);
            if (await store.SaveAsync(tenant, [Checked(change(before))], [new BillingEvent("settings.changed", tenant.ToString(), clock.GetCurrentInstant())], cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
            {
                return await GetAsync(tenant, cancellationToken).ConfigureAwait(false);
            }
        }

        throw BillingException.Changed("settings", tenant.ToString());
    }

    /// <summary>The same as <see cref="GetAsync"/>, at most a second old: intake needs it for every delivery.</summary>
    internal async ValueTask<TenantSettings> RecentAsync(TenantId tenant, CancellationToken cancellationToken) =>
        _entries.TryGetValue(tenant, out var known) && Environment.TickCount64 - known.At < MaxAgeMilliseconds ? known.Settings : await GetAsync(tenant, cancellationToken).ConfigureAwait(false);

    private TenantSettings Checked(TenantSettings settings)
    {
        if (settings.UsageRetentionMonths is { } months)
        {
            Check.Range("usage_retention_months", months, 1, Limits.MostRetentionMonths);
            _ = options.Value.UsageArchiveFolder ?? throw BillingException.Field("usage_retention_months", "must be left out where the deployment has no folder for archives");
        }

        return settings;
    }

    private TenantSettings New(TenantId tenant) => new() { Tenant = tenant, CreatedAt = clock.GetCurrentInstant() };

    private sealed record Entry(TenantSettings Settings, long At);
}
