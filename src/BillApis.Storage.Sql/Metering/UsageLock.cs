using System.Buffers.Binary;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Dapper;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Locks that intake shares and corrections take alone, until their transaction ends; nothing to do where a database has one writer.</summary>
internal static class UsageLock
{
    /// <summary>The number of a tenant's usage.</summary>
    public static long Of(TenantId tenant) => NumberOf($"usage\n{tenant}");

    /// <summary>Holds a tenant's usage alone.</summary>
    public static Task HoldAsync(SqlDialect dialect, DbTransaction transaction, TenantId tenant, CancellationToken cancellationToken) => HoldAsync(dialect, transaction, Of(tenant), cancellationToken);

    /// <summary>Holds a tenant's totals alone.</summary>
    public static Task HoldTotalsAsync(SqlDialect dialect, DbTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        HoldAsync(dialect, transaction, NumberOf($"totals\n{tenant}"), cancellationToken);

    /// <summary>Holds alone whatever a name is agreed for.</summary>
    public static Task HoldAsync(SqlDialect dialect, DbTransaction transaction, string name, CancellationToken cancellationToken) => HoldAsync(dialect, transaction, NumberOf(name), cancellationToken);

    private static Task HoldAsync(SqlDialect dialect, DbTransaction transaction, long number, CancellationToken cancellationToken) =>
        dialect.LockExclusive is not { } sql ? Task.CompletedTask : transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, new { Lock = number }, transaction, cancellationToken: cancellationToken));

    private static long NumberOf(string name) => BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
}
