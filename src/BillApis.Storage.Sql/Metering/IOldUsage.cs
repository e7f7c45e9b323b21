using System.Data.Common;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Takes events out whose month is archived, and puts them back; months are counted from 1970, and rows are what each database keeps events in.</summary>
internal interface IOldUsage
{
    /// <summary>The months before another that a tenant has events of.</summary>
    Task<IReadOnlyList<long>> MonthsAsync(DbConnection connection, TenantId tenant, long before, CancellationToken cancellationToken);

    /// <summary>The rows of a bounded lot of a tenant's month, without those that have open orphans.</summary>
    Task<IReadOnlyList<long>> FindAsync(DbConnection connection, TenantId tenant, long month, CancellationToken cancellationToken);

    /// <summary>Reads the events of rows, oldest first.</summary>
    Task<IReadOnlyList<EventRow>> ReadAsync(DbConnection connection, DbTransaction? transaction, TenantId tenant, IReadOnlyList<long> rows, CancellationToken cancellationToken);

    /// <summary>Takes rows out, but for their keys and hashes.</summary>
    Task RemoveAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<long> rows, IReadOnlyList<EventRow> events, CancellationToken cancellationToken);

    /// <summary>Puts events back that were taken out; false where one of them was not.</summary>
    Task<bool> RestoreAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<UsageEntry> entries, CancellationToken cancellationToken);

    /// <summary>Makes the tables that a month needs.</summary>
    Task OpenMonthAsync(long month, CancellationToken cancellationToken);

    /// <summary>Gives the tables of months before another back, where they have no events.</summary>
    Task CloseMonthsAsync(long before, CancellationToken cancellationToken);
}
