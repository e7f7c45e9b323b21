using System.Diagnostics.Metrics;

namespace BillApis;

/// <summary>The counts of a buffer for whoever collects metrics.</summary>
internal sealed class UsageBufferInstruments : IDisposable
{
    public const string MeterName = "BillApis.UsageBuffer";
    private readonly Meter _meter = new(MeterName);

    public UsageBufferInstruments(UsageBuffer buffer)
    {
        Counter("accepted", counts => counts.Accepted, "Events taken into the buffer.");
        Counter("stored", counts => counts.Stored, "Events in the database.");
        Counter("refused", counts => counts.Refused, "Events that intake refused.");
        Counter("dropped", counts => counts.Dropped, "Events that are lost.");
        Counter("retries", counts => counts.Retries, "Batches that were sent again.");
        _meter.CreateObservableUpDownCounter("billapis.usage_buffer.pending", () => buffer.Counts.Pending, "{event}", "Events that wait to be stored.");

        void Counter(string name, Func<UsageBufferCounts, long> read, string description) =>
            _meter.CreateObservableCounter($"billapis.usage_buffer.{name}", () => read(buffer.Counts), name is "retries" ? "{batch}" : "{event}", description);
    }

    public void Dispose() => _meter.Dispose();
}
