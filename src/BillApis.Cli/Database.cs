using System.CommandLine;
using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Cli;

/// <summary>The database that a command works on.</summary>
internal static class Database
{
    public static Option<string> Storage()
    {
        var option = new Option<string>("--storage") { Description = "sqlite or postgres.", DefaultValueFactory = _ => "sqlite" };
        option.AcceptOnlyFromAmong("sqlite", "postgres");
        return option;
    }

    public static Option<string> Connection() => new("--connection") { Description = "The connection string.", DefaultValueFactory = _ => "Data Source=billing.db" };

    public static Option<string?> Tenant() => new("--tenant") { Description = "The tenant's id; the only one where it is left out." };

    /// <summary>The tenant that was named.</summary>
    public static TenantId Owner(string? tenant) => tenant is null ? TenantId.Default : EntityId.Parse<TenantId>(tenant);

    public static async Task<int> UseAsync(TextWriter output, string storage, string connection, Func<Billing, Task<int>> work)
    {
        try
        {
            var provider = new ServiceCollection().AddBilling(billing => _ = storage is "postgres" ? billing.UsePostgres(connection) : billing.UseSqlite(connection)).BuildServiceProvider();
            await using (provider.ConfigureAwait(false))
            {
                return await work(provider.GetRequiredService<Billing>()).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is BillingException { Code: not BillingErrorCode.Unavailable } or FormatException or IOException or UnauthorizedAccessException)
        {
            await output.WriteLineAsync($"cannot be done: {exception.Message}").ConfigureAwait(false);
            return Commands.Unreadable;
        }
        catch (Exception exception) when (exception is BillingException or DbException or ArgumentException)
        {
            await output.WriteLineAsync($"the database cannot be used: {exception.Message}").ConfigureAwait(false);
            return Commands.Unreadable;
        }
    }
}
