namespace BillApis.Storage.Tests.Crash;

public sealed class SqliteCrashTests() : CrashTests(Node.Sqlite)
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("billapis-crash-");

    protected override Task<string> NewDatabaseAsync() => Task.FromResult($"Data Source={Path.Combine(_folder.FullName, "billing.db")}");

    protected override Task DropAsync()
    {
        _folder.Delete(recursive: true);
        return Task.CompletedTask;
    }
}

public sealed class SqliteBackfillCrashTests() : BackfillCrashTests(Node.Sqlite)
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("billapis-backfill-");

    protected override Task<string> NewDatabaseAsync() => Task.FromResult($"Data Source={Path.Combine(_folder.FullName, "billing.db")}");

    protected override Task DropAsync()
    {
        _folder.Delete(recursive: true);
        return Task.CompletedTask;
    }
}
