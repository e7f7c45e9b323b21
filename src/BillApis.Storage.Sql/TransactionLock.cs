using System.Buffers.Binary;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Dapper;

namespace BillApis.Storage.Sql;

/// <summary>Locks by name that a transaction holds alone until it ends; nothing to do where a database has one writer.</summary>
internal static class TransactionLock
{
    /// <summary>The number that a name is held by.</summary>
    public static long Of(string name) => BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(name)));

    /// <summary>Holds a number alone.</summary>
    public static Task HoldAsync(SqlDialect dialect, DbTransaction transaction, long number, CancellationToken cancellationToken) =>
        dialect.LockExclusive is not { } sql ? Task.CompletedTask : transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, new { Lock = number }, transaction, cancellationToken: cancellationToken));
}
