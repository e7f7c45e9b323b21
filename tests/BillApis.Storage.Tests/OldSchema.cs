using System.Data.Common;
using BillApis.Storage.Sql;
using Dapper;

namespace BillApis.Storage.Tests;

/// <summary>Databases as older versions left them, for tests of what an upgrade makes of them.</summary>
internal static class OldSchema
{
    /// <summary>Runs the migrations below a version, and notes them as that version did.</summary>
    public static async Task MigrateBelowAsync(this DbConnection connection, string dialect, long version, DbTransaction? transaction = null)
    {
        await connection.ExecuteAsync("create table billing_schema (version bigint primary key, checksum text not null, applied_at bigint not null)", transaction: transaction);
        foreach (var script in SqlMigrator.Scripts(dialect).Where(script => script.Version < version))
        {
            await connection.ExecuteAsync(script.Sql, transaction: transaction);
            await connection.ExecuteAsync("insert into billing_schema values (@Version, @Checksum, 0)", new { script.Version, script.Checksum }, transaction);
        }
    }
}
