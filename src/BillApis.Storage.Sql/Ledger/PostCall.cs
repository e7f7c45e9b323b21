using BillApis.Ledger;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>A caller's batch that waits to be stored.</summary>
internal sealed class PostCall(IReadOnlyList<Transfer> transfers, CancellationToken cancellationToken)
{
    private readonly TaskCompletionSource<IReadOnlyList<TransferResult>> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<Transfer> Transfers => transfers;

    public Task<IReadOnlyList<TransferResult>> Done => _done.Task;

    /// <summary>Whether the caller gave up before anything was done; it is told so.</summary>
    public bool IsGivenUp => cancellationToken.IsCancellationRequested && _done.TrySetCanceled(cancellationToken);

    public void Answer(TransferResult[] results) => _done.TrySetResult(results);

    public void Fail(Exception exception) => _done.TrySetException(exception);
}
