using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using BillApis.Storage;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql;

/// <summary>Brings the schema to the version this library was built with, one numbered script at a time.</summary>
internal sealed class SqlMigrator(SqlDatabase database, IClock clock) : IMigrator
{
    // Any number will do, so long as every version of this library uses the same one.
    private const long Lock = 824_552_747;

    // A script that moves the rows of a large database takes its time, and so does waiting for the node that runs it.
    private const int NoTimeout = 0;

    public Task MigrateAsync(CancellationToken cancellationToken) =>
        database.WriteAsync(
            null,
            async transaction =>
            {
                if (database.Dialect.LockExclusive is { } sql)
                {
                    await transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, new { Lock }, transaction, NoTimeout, cancellationToken: cancellationToken)).ConfigureAwait(false);
                }

                return await ApplyAsync(transaction, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);

    private async Task<int> ApplyAsync(DbTransaction transaction, CancellationToken cancellationToken)
    {
        var connection = transaction.Connection!;
        await connection.ExecuteAsync("create table if not exists billing_schema (version bigint primary key, checksum text not null, applied_at bigint not null)", transaction: transaction).ConfigureAwait(false);
        var applied = (await connection.QueryAsync<(long Version, string Checksum)>("select version, checksum from billing_schema", transaction: transaction).ConfigureAwait(false))
            .ToDictionary(row => row.Version, row => row.Checksum);
        var scripts = Scripts(database.Dialect.Name);
        Check(scripts, applied);
        var missing = scripts.Where(script => !applied.ContainsKey(script.Version)).ToList();
        foreach (var script in missing)
        {
            await connection.ExecuteAsync(new CommandDefinition(script.Sql, transaction: transaction, commandTimeout: NoTimeout, cancellationToken: cancellationToken)).ConfigureAwait(false);
            await connection.ExecuteAsync(
                "insert into billing_schema (version, checksum, applied_at) values (@Version, @Checksum, @AppliedAt)",
                new { script.Version, script.Checksum, AppliedAt = clock.GetCurrentInstant().ToMicroseconds() },
                transaction).ConfigureAwait(false);
        }

        await database.Dialect.GuardAsync(transaction, cancellationToken).ConfigureAwait(false);
        if (missing.Count > 0)
        {
            // A script may have dropped what is found by; writing it anew is left to what wrote it.
            await database.Dialect.UsageLog.CatchUpAsync(transaction, cancellationToken).ConfigureAwait(false);
        }

        return missing.Count;
    }

    private static void Check(IReadOnlyList<Script> scripts, Dictionary<long, string> applied)
    {
        if (applied.Keys.Except(scripts.Select(script => script.Version)).ToList() is { Count: > 0 } unknown)
        {
            throw new BillingException(BillingErrorCode.Unavailable, $"The database is at schema version {unknown.Max()}; this program knows only {scripts.Max(script => script.Version)}. Update the program.");
        }

        if (scripts.FirstOrDefault(script => applied.TryGetValue(script.Version, out var checksum) && checksum != script.Checksum) is { } edited)
        {
            throw new BillingException(BillingErrorCode.Unavailable, $"Migration {edited.Name} was changed after it was applied to this database; add a new one instead.");
        }
    }

    /// <summary>The scripts in order: a database's own script stands in for the shared one of the same number.</summary>
    internal static IReadOnlyList<Script> Scripts(string dialect)
    {
        var assembly = typeof(SqlMigrator).Assembly;
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".sql", StringComparison.Ordinal))
            .Where(name => name.Count('.') == 1 || name.EndsWith($".{dialect}.sql", StringComparison.Ordinal))
            .GroupBy(name => name[..4], (version, names) => names.MaxBy(name => name.Count('.'))!)
            .Order(StringComparer.Ordinal)
            .Select(name => Script.Read(assembly.GetManifestResourceStream(name)!, name))];
    }

    internal sealed record Script(long Version, string Name, string Sql, string Checksum)
    {
        public static Script Read(Stream stream, string name)
        {
            using var reader = new StreamReader(stream);
            var sql = reader.ReadToEnd().ReplaceLineEndings("\n");
            var checksum = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(sql)));
            return new Script(long.Parse(name.AsSpan(0, 4), CultureInfo.InvariantCulture), name, sql, checksum);
        }
    }
}
