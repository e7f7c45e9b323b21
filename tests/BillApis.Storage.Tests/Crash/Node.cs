using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Storage.Tests.Crash;

/// <summary>Billing in one process, on a database that others share.</summary>
internal static class Node
{
    public const string Sqlite = "sqlite";
    public const string Postgres = "postgres";

    public static ServiceProvider Open(string database, string connection) =>
        new ServiceCollection().AddBilling(billing => _ = database is Sqlite ? billing.UseSqlite(connection) : billing.UsePostgres(connection)).BuildServiceProvider();
}
