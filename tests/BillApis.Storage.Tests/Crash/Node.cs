using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Storage.Tests.Crash;

/// <summary>Billing in one process, on a database that others share.</summary>
internal static class Node
{
    public const string Sqlite = "sqlite";
    public const string Postgres = "postgres";

    public static ServiceProvider Open(string database, string connection, int runBatchSize = 1_000, TimeProvider? clock = null) =>
        new ServiceCollection().AddSingleton(clock ?? TimeProvider.System).Configure<BillingOptions>(options => options.RunBatchSize = runBatchSize)
            .AddBilling(billing => _ = database is Sqlite ? billing.UseSqlite(connection) : billing.UsePostgres(connection)).BuildServiceProvider();
}
