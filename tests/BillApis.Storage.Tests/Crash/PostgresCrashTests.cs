namespace BillApis.Storage.Tests.Crash;

public sealed class PostgresCrashTests() : CrashTests(Node.Postgres)
{
    protected override Task<string> NewDatabaseAsync() => PostgresServer.NewDatabaseAsync();

    // The server goes with the tests.
    protected override Task DropAsync() => Task.CompletedTask;
}
