using BillApis.Metering;

namespace BillApis.Storage.Sql.Metering;

/// <summary>What a backfill does with an event whose key is stored already.</summary>
internal enum BackfillMove
{
    /// <summary>It counts as the backfill says already, or was sent so and is not for the backfill to change.</summary>
    Leave,

    /// <summary>It counts as the backfill says from then on.</summary>
    Amend,

    /// <summary>Another event was sent under the key, and the backfill does not replace it.</summary>
    Refuse,
}

/// <summary>Decides what a backfill does with events that are there.</summary>
internal static class BackfillMoves
{
    public static BackfillMove Of(UsageBackfill backfill, EventState state, StampedEvent item) =>
        backfill.ReplaceExisting && state.CountsAs(item) ? BackfillMove.Leave
        : backfill.ReplaceExisting && !state.IsOrphan && state.IsIn(backfill) ? BackfillMove.Amend
        : state.WasSentAs(item) ? BackfillMove.Leave
        : BackfillMove.Refuse;
}
