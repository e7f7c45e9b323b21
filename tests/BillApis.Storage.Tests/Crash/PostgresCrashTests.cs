using System.Diagnostics;
using Dapper;
using Npgsql;

namespace BillApis.Storage.Tests.Crash;

public sealed class PostgresCrashTests() : CrashTests(Node.Postgres)
{
    protected override Task<string> NewDatabaseAsync() => PostgresServer.NewDatabaseAsync();

    // The server goes with the tests.
    protected override Task DropAsync() => Task.CompletedTask;

    protected override string OfWorker(string connection) => PostgresWorkers.Named(connection);

    protected override Task LetServerEndAsync(string connection) => PostgresWorkers.LetEndAsync(connection);
}

public sealed class PostgresBackfillCrashTests() : BackfillCrashTests(Node.Postgres)
{
    protected override Task<string> NewDatabaseAsync() => PostgresServer.NewDatabaseAsync();

    protected override Task DropAsync() => Task.CompletedTask;

    protected override string OfWorker(string connection) => PostgresWorkers.Named(connection);

    protected override Task LetServerEndAsync(string connection) => PostgresWorkers.LetEndAsync(connection);
}

/// <summary>Tells workers from the test by the name of their connections.</summary>
internal static class PostgresWorkers
{
    private const string Worker = "worker";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static string Named(string connection) => new NpgsqlConnectionStringBuilder(connection) { ApplicationName = Worker }.ToString();

    /// <summary>Waits until the server is done with what dead workers sent last.</summary>
    public static async Task LetEndAsync(string connection)
    {
        await using var open = new NpgsqlConnection(connection);
        for (var clock = Stopwatch.StartNew(); await open.ExecuteScalarAsync<long>("select count(*) from pg_stat_activity where datname = current_database() and application_name = @Worker", new { Worker }) > 0;)
        {
            clock.Elapsed.ShouldBeLessThan(Patience, "the server still works for a dead worker");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
