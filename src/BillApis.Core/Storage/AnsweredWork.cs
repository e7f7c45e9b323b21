using System.Data.Common;
using BillApis.Identity;

namespace BillApis.Storage;

/// <summary>The work of a request with an idempotency key: all that it stores is one transaction, and the last row in it is its answer.</summary>
/// <remarks>The stores see it as they see who causes a change. What only makes sense once that transaction is committed waits for it.</remarks>
internal sealed class AnsweredWork
{
    private static readonly AsyncLocal<AnsweredWork?> Ambient = new();
    private readonly List<Func<DbTransaction, Task>> _last = [];
    private readonly List<Action> _once = [];
    private readonly HashSet<TenantId> _dispatches = [];
    private Func<StoredAnswer?, Task<bool>>? _end;
    private bool _isOver;

    /// <summary>Null where every transaction stands for itself.</summary>
    public static AnsweredWork? Current
    {
        get => Ambient.Value is { _isOver: false } work ? work : null;
        set => Ambient.Value = value;
    }

    /// <summary>The transaction, from the first write on.</summary>
    public DbTransaction? Transaction { get; private set; }

    /// <summary>The tenants whose events are to be carried out once they are committed.</summary>
    public IReadOnlyCollection<TenantId> Dispatches => _dispatches;

    /// <summary>Does it now, or once what the current request stores is committed.</summary>
    public static void OnceStored(Action action)
    {
        if (Current is { Transaction: not null } work)
        {
            work._once.Add(action);
        }
        else
        {
            action();
        }
    }

    /// <summary>Takes the transaction that was begun for the request.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="end">Commits it together with the answer, or undoes it where there is none; false where another request has the key now.</param>
    public void Hold(DbTransaction transaction, Func<StoredAnswer?, Task<bool>> end) => (Transaction, _end) = (transaction, end);

    /// <summary>Does it as the last thing in the transaction: what others wait for is then held shortly.</summary>
    public void Last(Func<DbTransaction, Task> write) => _last.Add(write);

    public void Dispatch(TenantId tenant) => _dispatches.Add(tenant);

    /// <summary>Commits what the request stored together with its answer, or undoes it where there is none.</summary>
    /// <returns>False where another request has the key now: nothing is stored.</returns>
    public async Task<bool> EndAsync(StoredAnswer? answer)
    {
        _isOver = true;
        try
        {
            foreach (var write in answer is null || Transaction is null ? [] : _last)
            {
                await write(Transaction!).ConfigureAwait(false);
            }
        }
        catch
        {
            await End(null).ConfigureAwait(false);
            throw;
        }

        return await End(answer).ConfigureAwait(false);
    }

    // What was read of it meanwhile is out of date in either case.
    private async Task<bool> End(StoredAnswer? answer)
    {
        try
        {
            return await _end!(answer).ConfigureAwait(false);
        }
        finally
        {
            _once.ForEach(action => action());
        }
    }
}
