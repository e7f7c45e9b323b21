using System.Collections.Immutable;
using System.Text.Json;
using BillApis.Ledger;
using BillApis.Outbox;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace BillApis;

/// <summary>Moves what customers spent as usage arrives, tells the thresholds that it reaches, and does what their limits say.</summary>
internal sealed partial class SpendWatch(
    ISpendLimitStore limits, IStore<SpendRecord> records, SpendReader reader, IStore<Customer> customers, SpendSuspension suspension, OutboxDispatcher outbox, LimitedCustomers limited, IClock clock,
    ILogger<SpendWatch> logger)
{
    private const int MaxAttempts = 16;
    private const int SweepSize = 200;
    private static readonly TimeSpan Gathered = TimeSpan.FromMilliseconds(50);
    private readonly Dictionary<(TenantId, CustomerId), bool> _moving = [];
    private readonly HashSet<(TenantId, CustomerId)> _later = [];
    private readonly SpendPace _pace = new();
    private bool _isGathering;
    private SpendLimitId? _sweptTo;

    /// <summary>Looks at customers whose usage has just been stored, where they have limits; where looks come too fast, a little later and together. What fails here is made up for by the next look; intake never fails with it.</summary>
    public Task ArrivedAsync(TenantId tenant, IEnumerable<CustomerId> arrived) => TryAsync(async () =>
    {
        foreach (var customer in await limited.AmongAsync(tenant, arrived).ConfigureAwait(false))
        {
            if (_pace.Take((tenant, customer)))
            {
                await FollowAsync(tenant, customer).ConfigureAwait(false);
            }
            else
            {
                FollowLater((tenant, customer));
            }
        }
    });

    /// <summary>Looks at some limits of all tenants, going on where it stopped: at what other nodes took in, at months that are over, and at what a crash left.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        var found = await limits.WatchedAsync(_sweptTo, SweepSize, cancellationToken).ConfigureAwait(false);
        _sweptTo = found.Count < SweepSize ? null : found[^1].Id;
        foreach (var (tenant, customer) in found.Select(limit => (limit.Tenant, limit.Customer)).Distinct())
        {
            await MoveAsync(tenant, customer, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Brings a customer's spend, its limits and what they do up to date.</summary>
    public async Task MoveAsync(TenantId tenant, CustomerId id, CancellationToken cancellationToken)
    {
        var customer = await customers.GetAsync(tenant, Customer.Kind, id.ToString(), cancellationToken).ConfigureAwait(false);
        var now = clock.GetCurrentInstant();
        var month = QuotaWindow.Month(customer.Zone, now);
        var found = await limits.OfCustomerAsync(customer, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
        if (found.Select(limit => limit.Month?.Period).OfType<Interval>().Where(period => period.End == month.Start).Cast<Interval?>().FirstOrDefault() is { } last)
        {
            await RecordAsync(customer, last, cancellationToken).ConfigureAwait(false);
        }

        var record = await RecordAsync(customer, month, cancellationToken).ConfigureAwait(false);
        var observed = new List<SpendLimit>();
        foreach (var limit in found)
        {
            observed.Add(await ObserveAsync(limit, record, now, cancellationToken).ConfigureAwait(false));
        }

        await suspension.ApplyAsync(customer, observed, now, cancellationToken).ConfigureAwait(false);
    }

    private void FollowLater((TenantId, CustomerId) customer)
    {
        lock (_later)
        {
            _later.Add(customer);
            if (_isGathering)
            {
                return;
            }

            _isGathering = true;
        }

        // No part of the request that happens to start it.
        using (ExecutionContext.SuppressFlow())
        {
            _ = Task.Run(FollowGatheredAsync);
        }
    }

    // One customer after the other, so that it takes a part of one processor at the most.
    private async Task FollowGatheredAsync()
    {
        while (true)
        {
            await Task.Delay(Gathered).ConfigureAwait(false);
            List<(TenantId Tenant, CustomerId Customer)> gathered;
            lock (_later)
            {
                gathered = [.. _later];
                _later.Clear();
                if (gathered.Count == 0)
                {
                    _isGathering = false;
                    return;
                }
            }

            foreach (var (tenant, customer) in gathered)
            {
                await TryAsync(() => FollowAsync(tenant, customer)).ConfigureAwait(false);
            }
        }
    }

    private async Task TryAsync(Func<Task> look)
    {
        try
        {
            await look().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The usage is stored; its sender must not be told otherwise.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogNotLooked(logger, exception);
        }
    }

    // Whoever comes while somebody looks leaves word, and that one looks once more.
    private async Task FollowAsync(TenantId tenant, CustomerId customer)
    {
        var key = (tenant, customer);
        lock (_moving)
        {
            if (_moving.ContainsKey(key))
            {
                _moving[key] = true;
                return;
            }

            _moving[key] = false;
        }

        try
        {
            do
            {
                await MoveAsync(tenant, customer, CancellationToken.None).ConfigureAwait(false);
            }
            while (IsWanted(key));
        }
        catch
        {
            lock (_moving)
            {
                _moving.Remove(key);
            }

            throw;
        }
    }

    private bool IsWanted((TenantId, CustomerId) key)
    {
        lock (_moving)
        {
            if (_moving[key])
            {
                _moving[key] = false;
                return true;
            }

            _moving.Remove(key);
            return false;
        }
    }

    // Read after the record: whoever loses to another reads what both know, so that it never goes back.
    private async Task<SpendRecord> RecordAsync(Customer customer, Interval month, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var now = clock.GetCurrentInstant();
            var fresh = SpendRecord.Of(customer, month, now);
            var before = await records.FindAsync(customer.Tenant, fresh.Id.ToString(), cancellationToken).ConfigureAwait(false) ?? fresh;
            var spent = await reader.ReadAsync(customer, SpendReader.SoFar(month, now), cancellationToken).ConfigureAwait(false);
            var (after, posting) = before.MoveTo(spent, now);
            if (posting.IsEmpty)
            {
                return before;
            }

            if (await records.SaveAsync(customer.Tenant, [after], [LedgerPosting.Of(posting, after.Id.ToString(), now)!], cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
            {
                await outbox.DispatchAsync(customer.Tenant, cancellationToken).ConfigureAwait(false);
                return after.WithVersion(before.Version + 1);
            }
        }

        throw BillingException.Changed("spend of customer", customer.Id.ToString());
    }

    private async Task<SpendLimit> ObserveAsync(SpendLimit limit, SpendRecord record, Instant now, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var (after, reached) = limit.Observe(record.Month, record.Total(limit.Monthly.Currency, limit.Subscription), record.Version, now);
            if (ReferenceEquals(after, limit))
            {
                return limit;
            }

            ImmutableArray<BillingEvent> events = [.. reached.Select(alert => Told(after, alert))];
            if (await limits.SaveAsync(limit.Tenant, [after], events, cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
            {
                return after.WithVersion(limit.Version + 1);
            }

            limit = await limits.GetAsync(limit.Tenant, "spend limit", limit.Id.ToString(), cancellationToken).ConfigureAwait(false);
        }

        throw BillingException.Changed("spend limit", limit.Id.ToString());
    }

    private static BillingEvent Told(SpendLimit limit, SpendAlert alert) => new(
        "spend_limit.threshold_reached",
        limit.Id.ToString(),
        alert.At,
        JsonSerializer.Serialize(
            new { limit.Customer, limit.Subscription, alert.Threshold, alert.Spent, Limit = limit.Monthly.Amount, limit.Monthly.Currency, limit.Action, Period = limit.Month!.Period }, BillingJson.Options));

    [LoggerMessage(Level = LogLevel.Warning, Message = "The spend of customers whose usage was stored could not be moved; the next look makes up for it.")]
    private static partial void LogNotLooked(ILogger logger, Exception exception);
}
