using System.Data.Common;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Lets what is read trail what is appended: it catches up when there is much of it, or when somebody reads.</summary>
internal static class UsageCatchUp
{
    /// <summary>A connection that finds every event that was stored before the call.</summary>
    /// <param name="database">The database.</param>
    /// <param name="tenant">Whose events it may see; null for those of all.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    public static async Task<DbConnection> OpenUsageAsync(this SqlDatabase database, TenantId? tenant, CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        try
        {
            if (await database.Dialect.UsageLog.IsBehindAsync(connection, cancellationToken).ConfigureAwait(false))
            {
                await database.TidyAsync(
                    null,
                    async transaction =>
                    {
                        await database.Dialect.UsageLog.CatchUpAsync(transaction, cancellationToken).ConfigureAwait(false);
                        return true;
                    },
                    cancellationToken).ConfigureAwait(false);
            }

            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
