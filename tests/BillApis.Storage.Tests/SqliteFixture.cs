using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Storage.Tests;

/// <summary>One SQLite file for all suites, opened by two nodes; four migrators start on it at once.</summary>
public sealed class SqliteFixture : NodesFixture
{
    private readonly string _path = SqliteFile.NewPath();

    public override async ValueTask InitializeAsync() => await OpenAsync(billing => billing.UseSqlite($"Data Source={_path}"));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        SqliteFile.Delete(_path);
    }
}
