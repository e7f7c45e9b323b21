using System.Data.Common;
using System.Security.Cryptography;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>
/// Which billed usage a write changes. Whatever adds to or takes from the totals marks it here, in the same transaction and behind the shared lock
/// of its tenant, so that it is rated again: an event that came late, and one that is taken back or corrected.
/// </summary>
internal sealed class LateMarks(UsageGates gates)
{
    private readonly Dictionary<(SubscriptionId Subscription, MetricId Metric), Span> _spans = [];

    public void Add(UsageEntry entry)
    {
        foreach (var part in entry.Item.CountsLate ? entry.Open : [])
        {
            Add(entry.Item.Customer!.Value, part.Metric, entry.Item.Event.SubscriptionId, entry.Item.At);
        }
    }

    /// <summary>A quantity changes at an instant, and what lasts from there on; where no subscription was billed beyond it there is nothing to rate again.</summary>
    public void Add(CustomerId customer, Metric metric, SubscriptionId? named, Instant at)
    {
        foreach (var (subscription, until) in gates.BilledBeyond(at, customer, metric.Id, named))
        {
            var last = metric.Lasts ? until - Duration.FromTicks(10) : at;
            _spans[(subscription, metric.Id)] = _spans.TryGetValue((subscription, metric.Id), out var span)
                ? span with { First = Instant.Min(span.First, at), Last = Instant.Max(span.Last, last) }
                : new Span(customer, at, last);
        }
    }

    public Task WriteAsync(SqlDialect dialect, DbTransaction transaction, TenantId tenant, CancellationToken cancellationToken)
    {
        if (_spans.Count == 0)
        {
            return Task.CompletedTask;
        }

        // Random, not counted: a mark that was settled and set again must not look like the one before.
        var mark = RandomNumberGenerator.GetHexString(32, lowercase: true);
        var rows = new SqlRows("subscription_id text", "metric_id text", "customer_id text", "first_at bigint", "last_at bigint", "mark text");
        foreach (var (key, span) in _spans.OrderBy(item => item.Key.Subscription.Value).ThenBy(item => item.Key.Metric.Value))
        {
            rows.Add(key.Subscription.ToString(), key.Metric.ToString(), span.Customer.ToString(), span.First.ToMicroseconds(), span.Last.ToMicroseconds(), mark);
        }

        return dialect.WriteAsync(transaction, tenant, rows, Upsert, cancellationToken);
    }

    private static string Upsert(string rows) =>
        $"""
        insert into billing_usage_late as l (tenant_id, subscription_id, metric_id, customer_id, first_at, last_at, mark)
        select @Tenant, r.subscription_id, r.metric_id, r.customer_id, r.first_at, r.last_at, r.mark
        from {rows} as r
        where true
        on conflict (tenant_id, subscription_id, metric_id) do update set
            first_at = case when excluded.first_at < l.first_at then excluded.first_at else l.first_at end,
            last_at = case when excluded.last_at > l.last_at then excluded.last_at else l.last_at end,
            mark = excluded.mark, wait_until = null
        """;

    private sealed record Span(CustomerId Customer, Instant First, Instant Last);
}
