using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Metering;

/// <summary>The stretches of time that a request is answered from, in order and without a gap.</summary>
internal sealed class UsageSpans
{
    // Of several spans.
    private readonly ImmutableArray<Instant> _starts;

    private UsageSpans(bool hasBefore, ImmutableArray<Interval> spans)
    {
        (HasBefore, All) = (hasBefore, spans);
        _starts = All.Length == 1 ? [] : [.. All.Select(span => span.Start)];
    }

    /// <summary>Whether the first span is the time before the period of which something goes on in it.</summary>
    public bool HasBefore { get; }

    public ImmutableArray<Interval> All { get; }

    public static UsageSpans Of(UsageRequest request)
    {
        var metric = request.Metric;
        ImmutableArray<Interval> spans = metric.Aggregation is Aggregation.WeightedSum && request.WeighsByDay ? [.. UsageWindows.Of(request.Period, UsageWindow.Day, request.Zone)] : [request.Period];
        return request.IsCarried ? new UsageSpans(true, spans.Insert(0, new Interval(request.Reach.Start, request.Period.Start))) : new UsageSpans(false, spans);
    }

    /// <summary>Which span an instant of them lies in.</summary>
    public int IndexOf(Instant at) => _starts.IsEmpty ? 0 : _starts.BinarySearch(at) is < 0 and var next ? ~next - 1 : _starts.BinarySearch(at);
}
