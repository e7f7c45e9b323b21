using Dapper;
using Npgsql;

namespace BillApis.Postgres;

/// <summary>Row-level security: the database holds each transaction to the rows of the tenant that it was told. What works over all tenants tells <c>*</c>.</summary>
/// <remarks>Once it is on in the database, every process that opens it finds out: one that did not tell its tenant would see nothing.</remarks>
internal sealed class PostgresRowGuard
{
    /// <summary>Tells the tenant, or <c>*</c>, until the transaction ends.</summary>
    public const string Enter = "select set_config('billapis.tenant', $1, true)";

    private const string Everybody = "*";
    private readonly bool _isWanted;
    private volatile bool _isOn;
    private volatile bool _isKnown;

    public PostgresRowGuard(bool isWanted) => (_isWanted, _isOn, _isKnown) = (isWanted, isWanted, isWanted);

    public async ValueTask<bool> IsOnAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (!_isKnown && await connection.ExecuteScalarAsync<bool?>(
            new CommandDefinition("select relforcerowsecurity from pg_class where oid = to_regclass('billing_customer')", cancellationToken: cancellationToken)).ConfigureAwait(false) is { } found)
        {
            (_isOn, _isKnown) = (found, true);
        }

        return _isOn;
    }

    public async Task EnterAsync(NpgsqlConnection connection, TenantId? tenant, CancellationToken cancellationToken)
    {
        if (await IsOnAsync(connection, cancellationToken).ConfigureAwait(false))
        {
            await using var command = new NpgsqlCommand(Enter, connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = tenant?.ToString() ?? Everybody } } };
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Makes the policies of tables that have none, where it is wanted or on.</summary>
    /// <exception cref="BillingException">The database's user is held to no policy.</exception>
    public async Task TurnOnAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (!await IsOnAsync(connection, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        if (_isWanted && await connection.ExecuteScalarAsync<string?>(
            new CommandDefinition("select rolname from pg_roles where rolname = current_user and (rolsuper or rolbypassrls)", cancellationToken: cancellationToken)).ConfigureAwait(false) is { } role)
        {
            throw new BillingException(BillingErrorCode.Unavailable, $"Row-level security does not hold the PostgreSQL user '{role}', who is a superuser or has BYPASSRLS; connect as the owner of the tables who is neither.");
        }

        await connection.ExecuteAsync(new CommandDefinition("select billing_row_level_security(true)", commandTimeout: 0, cancellationToken: cancellationToken)).ConfigureAwait(false);
    }
}
