using System.Data.Common;
using BillApis.Storage.Sql.Metering;

namespace BillApis.Storage.Sql.Customers;

/// <summary>Customers in <c>billing_customer</c>, and their aliases in a table of their own, which knows each but once.</summary>
internal sealed class SqlCustomerStore(SqlDatabase database) : SqlStore<Customer>(database, EntityMaps.Customers)
{
    private readonly SqlDatabase _database = database;

    protected override async Task PrepareAsync(DbTransaction transaction, TenantId tenant, EntityRows<Customer> rows, CancellationToken cancellationToken)
    {
        var items = rows.Items;
        if (items.Any(item => item.Version > 0))
        {
            await transaction.BulkAsync(Delete(), tenant, items.Where(item => item.Version > 0).Select(item => new { customer_id = item.Id }), cancellationToken).ConfigureAwait(false);
        }

        if (items.Any(item => item.Aliases.Length > 0))
        {
            await transaction.BulkAsync(Insert(), tenant, items.SelectMany(item => item.Aliases.Select(alias => new { alias, customer_id = item.Id })), cancellationToken).ConfigureAwait(false);
        }
    }

    private string Delete() =>
        $"""
        delete from billing_customer_name
        where tenant_id = @Tenant and customer_id in (select r.customer_id from {_database.Dialect.Rows("Rows", "customer_id text")} as r)
        """;

    private string Insert() =>
        $"""
        insert into billing_customer_name (tenant_id, alias, customer_id)
        select @Tenant, r.alias, r.customer_id from {_database.Dialect.Rows("Rows", "alias text", "customer_id text")} as r
        """;
}
