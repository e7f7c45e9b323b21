using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Up to where usage was billed, for the customers and metrics of one batch.</summary>
internal sealed class UsageGates(IEnumerable<UsageGates.Row> rows)
{
    private readonly ILookup<(string, string), Row> _rows = rows.ToLookup(row => (row.CustomerId, row.MetricId));

    public static UsageGates None { get; } = new([]);

    /// <summary>Whether every subscription that the event could be billed under was billed beyond it.</summary>
    public bool IsLate(CustomerId customer, MetricId metric, StampedEvent item)
    {
        if (_rows.Count == 0)
        {
            return false;
        }

        var gates = _rows[(customer.ToString(), metric.ToString())];
        if (item.Event.SubscriptionId is { } own)
        {
            gates = gates.Where(gate => gate.SubscriptionId == own.ToString());
        }

        return gates.Any() && gates.All(gate => item.At < gate.Until);
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
