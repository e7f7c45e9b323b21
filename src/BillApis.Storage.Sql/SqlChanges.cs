using System.Data.Common;
using System.Text.Json;
using BillApis.Storage;
using Dapper;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BillApis.Storage.Sql;

/// <summary>Tells other processes what was changed, and hears what they did, where the database can pass that on.</summary>
internal sealed partial class SqlChanges(SqlDatabase database, ILogger<SqlChanges>? logger = null) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Tells the changes once the transaction is committed; always true, to chain with the write.</summary>
    public static async Task<bool> NotifyAsync(SqlDialect dialect, DbTransaction transaction, IReadOnlyList<Change> changes, CancellationToken cancellationToken)
    {
        if (changes.Count > 0 && dialect.Notify("Changes") is { } sql)
        {
            var parameters = new { Changes = JsonSerializer.Serialize(changes.Select(change => change.ToString())) };
            await transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellationToken)).ConfigureAwait(false);
        }

        return true;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (database.Dialect.Notify("Changes") is not null && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                await database.Dialect.ListenAsync(() => database.Changes.ReachesAll = true, Heard, stoppingToken).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Until it listens again, copies are kept for a short while only.
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                LogDeaf(logger ?? NullLogger<SqlChanges>.Instance, exception);
            }
            finally
            {
                database.Changes.ReachesAll = false;
            }

            await Task.Delay(Pause, stoppingToken).ConfigureAwait(false);
        }
    }

    private void Heard(string text)
    {
        if (Change.Parse(text) is { } change)
        {
            database.Changes.Publish(change);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Changes of other nodes are not heard for now; copies in memory are kept for a second at most until they are.")]
    private static partial void LogDeaf(ILogger logger, Exception exception);
}
