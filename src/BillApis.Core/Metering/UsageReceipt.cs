using System.Collections.Immutable;
using BillApis.Metering;

namespace BillApis;

/// <summary>What became of a delivery of events; when it is answered, all that was accepted is on disk.</summary>
public sealed record UsageReceipt
{
    /// <summary>How many events were stored, orphans included.</summary>
    public required int Accepted { get; init; }

    /// <summary>How many events had been stored before, with the same content.</summary>
    public required int Duplicates { get; init; }

    /// <summary>The events that were not stored, and why.</summary>
    public required ImmutableArray<RejectedEvent> Rejected { get; init; }

    /// <summary>The accepted events that are kept without being counted, wholly or in part, and why.</summary>
    public required ImmutableArray<OrphanedEvent> Orphans { get; init; }
}

/// <summary>An event that was not stored.</summary>
/// <param name="Index">Its place in the delivery, from 0.</param>
/// <param name="Id">Its id, as it was sent.</param>
/// <param name="Code">Invalid, or Conflict where the id was used before for another event.</param>
/// <param name="Message">Which field is wrong and what is allowed.</param>
/// <param name="Field">The field that is wrong.</param>
public sealed record RejectedEvent(int Index, string Id, BillingErrorCode Code, string Message, string Field);

/// <summary>An event that is kept without being counted.</summary>
/// <param name="Index">Its place in the delivery, from 0.</param>
/// <param name="Id">Its id.</param>
/// <param name="Reason">Why it is not counted.</param>
/// <param name="Message">The same in words, with what is missing.</param>
public sealed record OrphanedEvent(int Index, string Id, OrphanReason Reason, string Message);
