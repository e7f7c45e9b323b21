using System.Data.Common;
using BillApis.Identity;
using BillApis.Storage;

namespace BillApis.Storage.Sql;

/// <summary>Opens connections and runs transactions; the stores' only way to the database.</summary>
internal sealed class SqlDatabase(SqlDialect dialect, ChangeFeed changes) : IAsyncDisposable
{
    private const int MaxAttempts = 10;
    private const string Point = "billing_point";

    public SqlDialect Dialect { get; } = dialect;

    /// <summary>Where what is saved is told to those who keep copies.</summary>
    public ChangeFeed Changes { get; } = changes;

    /// <summary>What was committed and is to be carried out.</summary>
    public CommittedEvents Events { get; } = new();

    /// <summary>A connection to read with.</summary>
    /// <param name="tenant">Whose rows it may see where the database guards them; null for those of all.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <exception cref="BillingException">The database cannot be opened.</exception>
    public Task<DbConnection> OpenAsync(TenantId? tenant, CancellationToken cancellationToken) => RefusingAsync(async () =>
    {
        if (AnsweredWork.Current is not { Transaction: { } held })
        {
            return await Dialect.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        }

        await Dialect.EnterAsync(held, tenant, cancellationToken).ConfigureAwait(false);
        return new HeldConnection(held);
    });

    /// <summary>Runs what speaks to the database itself, and says so clearly where it cannot be opened, reached or written.</summary>
    /// <exception cref="BillingException">It cannot.</exception>
    public async Task<T> RefusingAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (DbException exception) when (Dialect.Refusal(exception) is { } refusal)
        {
            throw refusal;
        }
    }

    /// <summary>Runs the work in one transaction that is kept where the work returns true; repeats it where it lost a race.</summary>
    /// <remarks>Within the work of a request whose answer is kept, it is a part of that request's transaction.</remarks>
    /// <param name="tenant">Whose rows the work may see and write where the database guards them; null for those of all.</param>
    /// <param name="work">The work.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<bool> TransactAsync(TenantId? tenant, Func<DbTransaction, Task<bool>> work, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await (AnsweredWork.Current is { } request ? JoinAsync(request, tenant, work, cancellationToken) : AttemptAsync(tenant, work, cancellationToken)).ConfigureAwait(false);
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
    public async Task<T> WriteAsync<T>(TenantId? tenant, Func<DbTransaction, Task<T>> work, CancellationToken cancellationToken)
    {
        T result = default!;
        await TransactAsync(
            tenant,
            async transaction =>
            {
                result = await work(transaction).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        return result;
    }

    /// <summary>The same for what only puts stored things in order: it waits for no request's answer, unless the request has written before.</summary>
    public async Task<T> TidyAsync<T>(TenantId? tenant, Func<DbTransaction, Task<T>> work, CancellationToken cancellationToken)
    {
        AnsweredWork.Current = AnsweredWork.Current is { Transaction: not null } request ? request : null;
        return await WriteAsync(tenant, work, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => Dialect.DisposeAsync();

    private async Task<bool> AttemptAsync(TenantId? tenant, Func<DbTransaction, Task<bool>> work, CancellationToken cancellationToken)
    {
        await using var writer = await Dialect.OpenWriterAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await writer.Connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await Dialect.EnterAsync(transaction, tenant, cancellationToken).ConfigureAwait(false);
        if (!await work(transaction).ConfigureAwait(false))
        {
            return false;
        }

        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task<bool> JoinAsync(AnsweredWork request, TenantId? tenant, Func<DbTransaction, Task<bool>> work, CancellationToken cancellationToken)
    {
        var transaction = request.Transaction ?? await HoldAsync(request, cancellationToken).ConfigureAwait(false);
        await transaction.SaveAsync(Point, cancellationToken).ConfigureAwait(false);
        var isKept = false;
        try
        {
            await Dialect.EnterAsync(transaction, tenant, cancellationToken).ConfigureAwait(false);
            return isKept = await work(transaction).ConfigureAwait(false);
        }
        finally
        {
            if (!isKept)
            {
                await transaction.RollbackAsync(Point, CancellationToken.None).ConfigureAwait(false);
            }

            await transaction.ReleaseAsync(Point, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task<DbTransaction> HoldAsync(AnsweredWork request, CancellationToken cancellationToken)
    {
        var writer = await Dialect.OpenWriterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var transaction = await writer.Connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            request.Hold(transaction, answer => EndAsync(writer, transaction, answer));
            return transaction;
        }
        catch
        {
            await writer.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<bool> EndAsync(SqlWriter held, DbTransaction begun, StoredAnswer? answer)
    {
        await using var writer = held;
        await using var transaction = begun;
        if (answer is null)
        {
            return false;
        }

        await Dialect.EnterAsync(transaction, answer.Tenant, CancellationToken.None).ConfigureAwait(false);
        if (!await new SqlStore<StoredAnswer>(this, IdentityMaps.StoredAnswers).WriteAsync(transaction, answer.Tenant, [answer], CancellationToken.None).ConfigureAwait(false))
        {
            return false;
        }

        await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
        return true;
    }
}
