using System.Data.Common;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Up to where usage was billed, for the customers and metrics of one batch.</summary>
internal sealed class UsageGates(IEnumerable<UsageGates.Row> rows)
{
    private readonly ILookup<(string, string), Row> _rows = rows.ToLookup(row => (row.CustomerId, row.MetricId));

    public static UsageGates None { get; } = new([]);

    public bool IsEmpty => _rows.Count == 0;

    /// <summary>Reads up to where was billed what some events count for.</summary>
    public static Task<UsageGates> ReadAsync(SqlDialect dialect, DbTransaction transaction, TenantId tenant, IEnumerable<StampedEvent> events, CancellationToken cancellationToken) => ReadAsync(
        dialect, transaction, tenant,
        events.Where(item => item.Customer is not null).SelectMany(item => item.Contributions.Select(part => (item.Customer!.Value, part.Metric.Id))),
        cancellationToken);

    /// <summary>The same for customers and metrics.</summary>
    public static async Task<UsageGates> ReadAsync(SqlDialect dialect, DbTransaction transaction, TenantId tenant, IEnumerable<(CustomerId Customer, MetricId Metric)> usage, CancellationToken cancellationToken)
    {
        var pairs = usage.Distinct().Select(pair => new { customer_id = pair.Customer, metric_id = pair.Metric }).ToList();
        return pairs.Count == 0
            ? None
            : new UsageGates(await transaction.BulkReadAsync<Row>(
                $"""
                select g.customer_id as CustomerId, g.metric_id as MetricId, g.subscription_id as SubscriptionId, g.closed_until as ClosedUntil
                from {dialect.Rows("Rows", "customer_id text", "metric_id text")} as r
                cross join billing_usage_gate as g
                where g.tenant_id = @Tenant and g.customer_id = r.customer_id and g.metric_id = r.metric_id
                """,
                tenant,
                pairs,
                cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Whether every subscription that the event could be billed under was billed beyond it.</summary>
    public bool IsLate(CustomerId customer, MetricId metric, StampedEvent item)
    {
        var gates = Of(customer, metric, item.Event.SubscriptionId);
        return gates.Count > 0 && gates.All(gate => item.At < gate.Until);
    }

    /// <summary>The subscriptions that were billed beyond an instant for usage that names one of them, or none, and up to where.</summary>
    public IEnumerable<(SubscriptionId Subscription, Instant Until)> BilledBeyond(Instant at, CustomerId customer, MetricId metric, SubscriptionId? named) =>
        Of(customer, metric, named).Where(gate => at < gate.Until).Select(gate => (EntityId.Parse<SubscriptionId>(gate.SubscriptionId), gate.Until));

    private IReadOnlyCollection<Row> Of(CustomerId customer, MetricId metric, SubscriptionId? named)
    {
        if (_rows.Count == 0)
        {
            return [];
        }

        var own = named?.ToString();
        return [.. _rows[(customer.ToString(), metric.ToString())].Where(gate => own is null || gate.SubscriptionId == own)];
    }

    internal sealed record Row
    {
        public required string CustomerId { get; init; }
        public required string MetricId { get; init; }
        public required string SubscriptionId { get; init; }
        public required long ClosedUntil { get; init; }

        public Instant Until => SqlTime.FromMicroseconds(ClosedUntil);
    }
}
