using BillApis;
using BillApis.Postgres;
using BillApis.Storage.Sql;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Keeps billing data in PostgreSQL.</summary>
public static class PostgresBillingBuilderExtensions
{
    /// <summary>Keeps billing data in the PostgreSQL database of the connection string, 13 or later; any number of nodes may share it.</summary>
    public static BillingBuilder UsePostgres(this BillingBuilder builder, string connectionString)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        builder.Services.AddSqlStores(_ => new PostgresDialect(connectionString));
        return builder;
    }
}
