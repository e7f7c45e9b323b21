using System.Data.Common;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Takes events out whose month is archived; months are counted from 1970, and rows are what each database keeps events in.</summary>
internal interface IOldUsage
{
    /// <summary>Selects the tenants and months before <c>@Before</c> that have events, as TenantId and Month.</summary>
    string Due { get; }

    /// <summary>The rows of a bounded lot of a tenant's month, without those that have open orphans.</summary>
    Task<IReadOnlyList<long>> FindAsync(DbConnection connection, TenantId tenant, long month, CancellationToken cancellationToken);

    /// <summary>Reads the events of rows, oldest first.</summary>
    Task<IReadOnlyList<EventRow>> ReadAsync(DbConnection connection, DbTransaction? transaction, TenantId tenant, IReadOnlyList<long> rows, CancellationToken cancellationToken);

    /// <summary>Takes rows out, but for their keys and hashes.</summary>
    Task RemoveAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<long> rows, IReadOnlyList<EventRow> events, CancellationToken cancellationToken);

    /// <summary>Whether an event of a key was ever stored.</summary>
    Task<bool> IsKnownAsync(DbConnection connection, TenantId tenant, string source, string id, CancellationToken cancellationToken);

    /// <summary>Makes the tables that a month needs.</summary>
    Task OpenMonthAsync(long month, CancellationToken cancellationToken);

    /// <summary>Gives the tables of a month back, where it has no events.</summary>
    Task CloseMonthAsync(long month, CancellationToken cancellationToken);
}
