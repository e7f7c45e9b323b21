using System.Text.Json;
using BillApis.Ledger;
using NodaTime;

namespace BillApis;

/// <summary>Brings what customers spent, their limits and what those do up to date: of many customers with one reading of each kind, one write of what they spent and one of their limits.</summary>
internal sealed class SpendMoves(
    ISpendLimitStore limits, IStore<SpendRecord> records, SpendReader reader, IStore<Customer> customers, ISubscriptionStore subscriptions, SpendSuspension suspension, IClock clock)
{
    private const int MaxAttempts = 16;

    /// <summary>Moves some customers of a tenant; each that somebody else moves at the same time by itself, so that it holds up no other.</summary>
    public async Task MoveAsync(TenantId tenant, IReadOnlyCollection<CustomerId> moved, CancellationToken cancellationToken)
    {
        if (await TryAsync(tenant, moved, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        foreach (var customer in moved)
        {
            for (var attempt = 1; !await TryAsync(tenant, [customer], cancellationToken).ConfigureAwait(false); attempt++)
            {
                if (attempt == MaxAttempts)
                {
                    throw BillingException.Changed("spend of customer", customer.ToString());
                }
            }
        }
    }

    /// <returns>False where somebody else moved one of them meanwhile.</returns>
    private async Task<bool> TryAsync(TenantId tenant, IReadOnlyCollection<CustomerId> moved, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        var found = await customers.FindManyAsync(tenant, [.. moved.Select(customer => customer.ToString())], cancellationToken).ConfigureAwait(false);
        var held = (await limits.OfCustomersAsync(tenant, moved, cancellationToken).ConfigureAwait(false)).ToLookup(limit => limit.Customer);
        var months = new List<SpendRecord>();
        foreach (var customer in found)
        {
            // A month that is over, and that the limits were in until now, gets what came at its end.
            var month = QuotaWindow.Month(customer.Zone, now);
            months.AddRange(held[customer.Id].Select(limit => limit.Month?.Period).OfType<Interval>().Where(period => period.End == month.Start).Take(1).Append(month).Select(period => SpendRecord.Of(customer, period, now)));
        }

        // Usage is read after the record: whoever loses to another reads what both know, so that it never goes back.
        var before = (await records.FindManyAsync(tenant, [.. months.Select(record => record.Id.ToString())], cancellationToken).ConfigureAwait(false)).ToDictionary(record => record.Id);
        var owned = (await subscriptions.OfCustomersAsync(tenant, moved, cancellationToken).ConfigureAwait(false)).ToLookup(subscription => subscription.Customer);
        var spent = await reader.ReadAsync(tenant, [.. months.Select(record => ((IReadOnlyList<Subscription>)[.. owned[record.Customer]], SpendReader.SoFar(record.Month, now)))], cancellationToken).ConfigureAwait(false);
        if (await RecordAsync(tenant, [.. months.Zip(spent, (month, amounts) => (before.GetValueOrDefault(month.Id) ?? month, amounts))], now, cancellationToken).ConfigureAwait(false) is not { } after
            || await ObserveAsync(tenant, held, after, now, cancellationToken).ConfigureAwait(false) is not { } observed)
        {
            return false;
        }

        foreach (var customer in found)
        {
            await suspension.ApplyAsync(owned[customer.Id], observed[customer.Id], now, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    /// <returns>The records, the last of each customer being that of its month; null where somebody else moved one.</returns>
    private async Task<IReadOnlyDictionary<CustomerId, SpendRecord>?> RecordAsync(
        TenantId tenant, IReadOnlyList<(SpendRecord Before, IReadOnlyDictionary<SubscriptionId, SubscriptionSpend> Spent)> items, Instant now, CancellationToken cancellationToken)
    {
        var (last, moved, events) = (new Dictionary<CustomerId, SpendRecord>(), new List<SpendRecord>(), new List<BillingEvent>());
        foreach (var (before, spent) in items)
        {
            var (after, posting) = before.MoveTo(spent, now);
            last[before.Customer] = before;
            if (!posting.IsEmpty)
            {
                moved.Add(after);
                events.Add(LedgerPosting.Of(posting, after.Id.ToString(), now)!);
                last[before.Customer] = after.WithVersion(before.Version + 1);
            }
        }

        return moved.Count == 0 || await records.SaveAsync(tenant, moved, events, cancellationToken).ConfigureAwait(false) is SaveResult.Saved ? last : null;
    }

    /// <returns>The limits as they are now; null where somebody else changed one.</returns>
    private async Task<ILookup<CustomerId, SpendLimit>?> ObserveAsync(TenantId tenant, ILookup<CustomerId, SpendLimit> held, IReadOnlyDictionary<CustomerId, SpendRecord> records, Instant now, CancellationToken cancellationToken)
    {
        var (observed, changed, events) = (new List<SpendLimit>(), new List<SpendLimit>(), new List<BillingEvent>());
        foreach (var limit in records.Values.SelectMany(record => held[record.Customer]))
        {
            var record = records[limit.Customer];
            var (after, reached) = limit.Observe(record.Month, record.Total(limit.Monthly.Currency, limit.Subscription), record.Version, now);
            observed.Add(after);
            events.AddRange(reached.Select(alert => Told(after, alert)));
            if (!ReferenceEquals(after, limit))
            {
                changed.Add(after);
            }
        }

        return changed.Count == 0 || await limits.SaveAsync(tenant, changed, events, cancellationToken).ConfigureAwait(false) is SaveResult.Saved ? observed.ToLookup(limit => limit.Customer) : null;
    }

    private static BillingEvent Told(SpendLimit limit, SpendAlert alert) => new(
        "spend_limit.threshold_reached",
        limit.Id.ToString(),
        alert.At,
        JsonSerializer.Serialize(
            new { limit.Customer, limit.Subscription, alert.Threshold, alert.Spent, Limit = limit.Monthly.Amount, limit.Monthly.Currency, limit.Action, Period = limit.Month!.Period }, BillingJson.Options));
}
