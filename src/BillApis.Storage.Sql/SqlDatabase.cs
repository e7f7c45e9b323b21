using System.Data.Common;
using BillApis.Storage;

namespace BillApis.Storage.Sql;

/// <summary>Opens connections and runs transactions; the stores' only way to the database.</summary>
internal sealed class SqlDatabase(SqlDialect dialect, ChangeFeed changes) : IAsyncDisposable
{
    private const int MaxAttempts = 10;

    public SqlDialect Dialect { get; } = dialect;

    /// <summary>Where what is saved is told to those who keep copies.</summary>
    public ChangeFeed Changes { get; } = changes;

    /// <summary>A connection to read with.</summary>
    /// <exception cref="BillingException">The database cannot be opened.</exception>
    public async Task<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await Dialect.OpenAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (DbException exception) when (Dialect.Refusal(exception) is { } refusal)
        {
            throw refusal;
        }
    }

    /// <summary>Runs the work in one transaction that is kept where the work returns true; repeats it where it lost a race.</summary>
    public async Task<bool> TransactAsync(Func<DbTransaction, Task<bool>> work, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await AttemptAsync(work, cancellationToken).ConfigureAwait(false);
            }
            catch (DbException exception) when (Dialect.IsTransient(exception) && attempt < MaxAttempts)
            {
                // The database undid it all and named this side the loser: the same work again is safe.
            }
            catch (DbException exception) when (Dialect.Refusal(exception) is { } refusal)
            {
                throw refusal;
            }
        }
    }

    /// <summary>Runs the work in one transaction and answers what it returns; repeats it where it lost a race.</summary>
    public async Task<T> WriteAsync<T>(Func<DbTransaction, Task<T>> work, CancellationToken cancellationToken)
    {
        T result = default!;
        await TransactAsync(
            async transaction =>
            {
                result = await work(transaction).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        return result;
    }

    public ValueTask DisposeAsync() => Dialect.DisposeAsync();

    private async Task<bool> AttemptAsync(Func<DbTransaction, Task<bool>> work, CancellationToken cancellationToken)
    {
        await using var writer = await Dialect.OpenWriterAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await writer.Connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        if (!await work(transaction).ConfigureAwait(false))
        {
            return false;
        }

        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }
}
