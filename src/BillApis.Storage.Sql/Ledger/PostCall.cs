using BillApis.Ledger;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>A caller's batch, and its results once it is stored.</summary>
internal sealed class PostCall(IReadOnlyList<Transfer> transfers)
{
    public IReadOnlyList<Transfer> Transfers => transfers;

    public TransferResult[] Results { get; set; } = [];
}
