using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>An event that is stored, and what counts in its place.</summary>
/// <param name="Source">Its source.</param>
/// <param name="Id">Its id.</param>
/// <param name="Sent">As it was sent; null where only what counts was read.</param>
/// <param name="Net">What counts; null for nothing.</param>
/// <param name="Sequence">How many corrections it has.</param>
internal sealed record EventState(string Source, string Id, StoredEvent? Sent, StoredEvent? Net, long Sequence)
{
    /// <summary>Whether it is kept as an orphan that may still be counted.</summary>
    public bool IsOrphan { get; init; }

    public (string Source, string Id) Key => (Source, Id);

    public Instant ArrivedAt => (Net ?? Sent)!.RecordedAt;

    /// <summary>Whether a backfill that replaces is about it: where it counts, or, where nothing counts, where it was sent.</summary>
    public bool IsIn(UsageBackfill backfill) => backfill.Covers((Net ?? Sent)!.Event, (Net ?? Sent)!.Customer);

    /// <summary>Whether the same was sent.</summary>
    public bool WasSentAs(StampedEvent item) => ContentHash.Of(Sent!.Event) == item.Hash;

    /// <summary>Whether the same counts.</summary>
    public bool CountsAs(StampedEvent item) => Net is { } net && net.Customer == item.Customer && ContentHash.Of(net.Event) == item.Hash;
}
