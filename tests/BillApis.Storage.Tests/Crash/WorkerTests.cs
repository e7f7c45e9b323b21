using System.Diagnostics;
using System.Globalization;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace BillApis.Storage.Tests.Crash;

/// <summary>A new database for each test, opened by this process and by workers that are processes of their own; a file goes with the test, what is on the server goes with that.</summary>
public abstract class WorkerTests(string database) : IAsyncLifetime
{
    private const string Worker = "worker";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    protected DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("billapis-crash-");

    protected string Database { get; } = database;

    protected string Connection { get; private set; } = "";

    /// <summary>This process's own node.</summary>
    protected ServiceProvider Services { get; private set; } = null!;

    protected Billing Billing => Services.GetRequiredService<Billing>();

    // So that the server can tell workers from this process.
    private string OfWorker => Database is Node.Sqlite ? Connection : new NpgsqlConnectionStringBuilder(Connection) { ApplicationName = Worker }.ToString();

    public virtual async ValueTask InitializeAsync()
    {
        Connection = Database is Node.Sqlite ? $"Data Source={Path.Combine(Folder.FullName, "billing.db")}" : await PostgresServer.NewDatabaseAsync();
        Services = Node.Open(Database, Connection);
        await Billing.MigrateAsync(Stop);
    }

    public async ValueTask DisposeAsync()
    {
        await Services.DisposeAsync();
        Folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    protected static int KillsOr(int kills) => Setting("BILLAPIS_CRASH_KILLS", kills);

    protected static int SeedOr(int seed) => Setting("BILLAPIS_CRASH_SEED", seed);

    private protected Task<WorkerProcess> StartAsync(string work, string argument) => WorkerProcess.StartAsync(work, Database, OfWorker, argument);

    private protected async Task KillAfterAsync(WorkerProcess worker, int milliseconds)
    {
        await Task.Delay(milliseconds, Stop);
        await KillAsync(worker);
    }

    /// <summary>Kills a worker, and waits until the database is done with it.</summary>
    private protected async Task KillAsync(WorkerProcess worker)
    {
        await worker.KillAsync();
        await LetServerEndAsync();
    }

    /// <summary>Waits until the database is done with workers that are dead: a server still carries out what they sent last.</summary>
    protected async Task LetServerEndAsync()
    {
        if (Database is Node.Sqlite)
        {
            return;
        }

        await using var open = new NpgsqlConnection(Connection);
        for (var clock = Stopwatch.StartNew(); await open.ExecuteScalarAsync<long>("select count(*) from pg_stat_activity where datname = current_database() and application_name = @Worker", new { Worker }) > 0;)
        {
            clock.Elapsed.ShouldBeLessThan(Patience, "the server still works for a dead worker");
            await Task.Delay(10, Stop);
        }
    }

    private static int Setting(string name, int otherwise) => Environment.GetEnvironmentVariable(name) is { } said ? int.Parse(said, CultureInfo.InvariantCulture) : otherwise;
}
