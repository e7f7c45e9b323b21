using System.Data.Common;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Keeps events and finds them again by key; each database has a way of its own to be fast at it.</summary>
internal interface IUsageLog
{
    /// <summary>Stores the events whose keys are new and tells the others what is <see cref="UsageEntry.Known"/>.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="isFirst">Whether it is ours and nothing was appended in it yet; what it holds before the call is committed then.</param>
    /// <param name="tenant">Whose events they are.</param>
    /// <param name="entries">Events of different keys.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <returns>What to do once the transaction is committed.</returns>
    Task<Action?> AppendAsync(DbTransaction transaction, bool isFirst, TenantId tenant, IReadOnlyList<UsageEntry> entries, CancellationToken cancellationToken);

    /// <summary>Whether a delivery of one tenant is best tried by <see cref="TryCommitAsync"/> first.</summary>
    bool CommitsAtOnce { get; }

    /// <summary>
    /// Stores a delivery with what it adds to the totals, in a transaction of its own and in one exchange with the database, where it is as nearly all are:
    /// its keys are new, and nothing was billed beyond its first event.
    /// </summary>
    /// <param name="tenant">Whose events they are.</param>
    /// <param name="usageLock">The lock of the tenant that writers of usage share.</param>
    /// <param name="entries">Events of different keys, of which none is an orphan.</param>
    /// <param name="added">What they add to the totals.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <returns>Whether it is stored and committed; where it is not, nothing happened, and statement by statement it will be found what was in the way.</returns>
    Task<bool> TryCommitAsync(TenantId tenant, long usageLock, IReadOnlyList<UsageEntry> entries, Task<UsageAdded> added, CancellationToken cancellationToken);

    /// <summary>Gives events that are stored the customer and the metrics that they have now.</summary>
    Task AssignAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<UsageEntry> entries, CancellationToken cancellationToken);

    /// <summary>Whether <see cref="CatchUpAsync"/> has something to do before events can be found by customer, time or key.</summary>
    Task<bool> IsBehindAsync(DbConnection connection, CancellationToken cancellationToken);

    /// <summary>Enters the events that were appended since into the indexes.</summary>
    Task CatchUpAsync(DbTransaction transaction, CancellationToken cancellationToken);

    /// <summary>What to read one event from, as e, where its source and its id are known: a source and an id are expressions, <c>@Tenant</c> is the tenant.</summary>
    string Keyed(string source, string id);

    /// <summary>Whether an event of a key was ever stored; what is archived leaves its key.</summary>
    string IsKnown(string source, string id);

    /// <summary>The condition for events of a view, named e, that happened from an instant on and before another, both expressions in microseconds.</summary>
    string Happened(string view, string first, string last);

    /// <summary>
    /// An instant that is fast to read from on: what happened before another, back to where about as many rows were passed as are to be skipped;
    /// null where there are fewer, and where events are found by their time one by one.
    /// </summary>
    Task<long?> FloorAsync(DbConnection connection, TenantId tenant, CustomerId? customer, long before, int skip, CancellationToken cancellationToken);
}
