using BillApis.Identity;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql;

/// <summary>Takes answers out that nobody may ask for any more. Their ids are in the order of their age.</summary>
internal sealed class OldAnswers(SqlDatabase database)
{
    public Task<int> ForgetAsync(TenantId tenant, Instant before, int most, CancellationToken cancellationToken)
    {
        var bound = Guid.CreateVersion7(before.ToDateTimeOffset()).ToByteArray(bigEndian: true);
        bound.AsSpan(6).Clear();
        return database.WriteAsync(
            tenant,
            transaction => transaction.Connection!.ExecuteAsync(new CommandDefinition(
                "delete from billing_stored_answer where tenant_id = @Tenant and id in (select id from billing_stored_answer where tenant_id = @Tenant and id < @Bound order by id limit @Most)",
                new { Tenant = tenant.ToString(), Bound = new StoredAnswerId(new Guid(bound, bigEndian: true)).ToString(), Most = most },
                transaction,
                cancellationToken: cancellationToken)),
            cancellationToken);
    }
}
