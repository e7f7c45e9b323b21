using System.Data.Common;
using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace BillApis.Storage.Tests.Crash;

/// <summary>An application that takes orders and records each with its usage in one transaction of its own, beside ordinary deliveries, as a worker.</summary>
internal static class OrderWork
{
    /// <summary>How the ids begin that no order belongs to.</summary>
    public const string Other = "other";
    private const int Callers = 2;

    public static async Task RunAsync(Billing billing, string database, string connection, string round)
    {
        Console.WriteLine(Program.Ready);
        await Task.WhenAll([.. Enumerable.Range(0, Callers).Select(caller => Task.Run(() => OrdersAsync(caller))), Task.Run(OthersAsync)]);

        async Task OrdersAsync(int caller)
        {
            await using var own = await OpenAsync(database, connection);
            for (long number = caller; ; number += Callers)
            {
                var id = string.Create(CultureInfo.InvariantCulture, $"{round}-{number}");
                await using var transaction = await own.BeginTransactionAsync();
                await own.ExecuteAsync("insert into orders (id) values (@id)", new { id }, transaction);
                Check(await billing.Usage.RecordAsync(TenantId.Default, IntakeWork.Event(number) with { Id = id }, transaction));
                await transaction.CommitAsync();
                Console.WriteLine($"{id}.");
            }
        }

        async Task OthersAsync()
        {
            for (long number = 0; ; number++)
            {
                var id = string.Create(CultureInfo.InvariantCulture, $"{Other}-{round}-{number}");
                Check(await billing.Usage.RecordAsync(TenantId.Default, IntakeWork.Event(number) with { Id = id }));
                Console.WriteLine($"{id}.");
            }
        }
    }

    public static async Task CreateTableAsync(string database, string connection)
    {
        await using var own = await OpenAsync(database, connection);
        await own.ExecuteAsync("create table orders (id text primary key)");
    }

    public static async Task<List<string>> OrdersAsync(string database, string connection)
    {
        await using var own = await OpenAsync(database, connection);
        return (await own.QueryAsync<string>("select id from orders")).AsList();
    }

    private static async Task<DbConnection> OpenAsync(string database, string connection)
    {
        DbConnection own = database is Node.Sqlite ? new SqliteConnection(connection) : new NpgsqlConnection(connection);
        await own.OpenAsync();
        return own;
    }

    private static void Check(UsageReceipt receipt)
    {
        if (receipt.Accepted != 1)
        {
            throw new InvalidOperationException($"{receipt}");
        }
    }
}
