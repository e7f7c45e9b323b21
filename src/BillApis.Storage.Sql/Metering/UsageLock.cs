using System.Data.Common;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Locks that intake shares and corrections take alone, until their transaction ends; nothing to do where a database has one writer.</summary>
internal static class UsageLock
{
    /// <summary>The number of a tenant's usage.</summary>
    public static long Of(TenantId tenant) => TransactionLock.Of($"usage\n{tenant}");

    /// <summary>Holds a tenant's usage alone.</summary>
    public static Task HoldAsync(SqlDialect dialect, DbTransaction transaction, TenantId tenant, CancellationToken cancellationToken) => TransactionLock.HoldAsync(dialect, transaction, Of(tenant), cancellationToken);

    /// <summary>Holds a tenant's totals alone.</summary>
    public static Task HoldTotalsAsync(SqlDialect dialect, DbTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        TransactionLock.HoldAsync(dialect, transaction, TransactionLock.Of($"totals\n{tenant}"), cancellationToken);
}
