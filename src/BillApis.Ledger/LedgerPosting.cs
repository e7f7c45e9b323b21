using System.Collections.Immutable;
using System.Text.Json;
using NodaTime;

namespace BillApis.Ledger;

/// <summary>The event that carries transfers from the write that caused them to the ledger.</summary>
public static class LedgerPosting
{
    /// <summary>The type of the event.</summary>
    public const string Type = "ledger.posting";

    /// <summary>The event of these transfers, to be stored with their cause; null where nothing moves.</summary>
    public static BillingEvent? Of(ImmutableArray<Transfer> transfers, string subjectId, Instant at) =>
        transfers.IsDefaultOrEmpty ? null : new Posting(subjectId, at, JsonSerializer.Serialize(transfers, BillingJson.Options), transfers);

    /// <summary>The transfers of the event.</summary>
    public static ImmutableArray<Transfer> Read(BillingEvent posting)
    {
        ArgumentNullException.ThrowIfNull(posting);
        return posting is Posting { Transfers: var transfers } ? transfers : JsonSerializer.Deserialize<ImmutableArray<Transfer>>(posting.Data, BillingJson.Options);
    }

    // In the process that made it, nothing has to be parsed.
    private sealed record Posting(string SubjectId, Instant At, string Data, ImmutableArray<Transfer> Transfers) : BillingEvent(LedgerPosting.Type, SubjectId, At, Data);
}
