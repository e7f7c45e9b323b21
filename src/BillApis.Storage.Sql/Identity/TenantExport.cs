using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Text.Json;
using BillApis.Identity;
using Dapper;

namespace BillApis.Storage.Sql;

/// <summary>Reads every table that has tenants, so that no kind of thing is forgotten; credentials stay where they are.</summary>
internal sealed class TenantExport(SqlDatabase database)
{
    private const string Body = "body";

    // Hashes of secrets, what belongs to the operator, and usage events, which each database keeps in its own way.
    private static readonly string[] Kept =
        ["billing_user", "billing_session", "billing_api_key", "billing_signing_key", "billing_ring_key", "billing_stored_answer", "billing_login", "billing_tenant", "billing_usage_event"];

    public async IAsyncEnumerable<ExportedRow> ReadAsync(TenantId tenant, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var tables = await connection.QueryAsync<string>(new CommandDefinition(database.Dialect.TenantTables, cancellationToken: cancellationToken)).ConfigureAwait(false);
        foreach (var table in tables.Except(Kept).Order(StringComparer.Ordinal))
        {
            var reader = await connection.ExecuteReaderAsync(new CommandDefinition(
                $"select * from {table} where tenant_id = @Tenant", new { Tenant = tenant.ToString() }, cancellationToken: cancellationToken)).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    yield return new ExportedRow(table, Row(reader));
                }
            }
        }
    }

    // What a thing is stands whole in its body; beside it are only the columns that it is found by.
    private static JsonElement Row(DbDataReader reader)
    {
        var columns = Enumerable.Range(0, reader.FieldCount).ToDictionary(reader.GetName, index => reader.IsDBNull(index) ? null : reader.GetValue(index), StringComparer.Ordinal);
        return columns.GetValueOrDefault(Body) is string body ? JsonElement.Parse(body) : JsonSerializer.SerializeToElement(columns, BillingJson.Options);
    }
}
