using BillApis.AspNetCore;
using BillApis.Identity;
using Npgsql;

namespace BillApis.Host.Tests;

/// <summary>A key that is held for long work outlives what its renewal meets.</summary>
public sealed class AnswerClaimsTests
{
    [Fact]
    public async Task A_renewal_that_the_database_refuses_does_not_leave_the_work_alone()
    {
        var work = new TaskCompletionSource();
        var claim = new StoredAnswer { Tenant = TenantId.Default, Name = "caller:key", RequestHash = "hash", CreatedAt = RealTime.Now };
        (await new AnswerClaims(new Refusing(work)).HoldAsync(claim, work.Task)).ShouldBe(claim);
        work.Task.IsCompletedSuccessfully.ShouldBeTrue();
    }

    private sealed class Refusing(TaskCompletionSource work) : IStore<StoredAnswer>
    {
        private int _renewals;

        public Task<StoredAnswer?> FindAsync(TenantId tenant, string reference, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<StoredAnswer>> FindManyAsync(TenantId tenant, IReadOnlyCollection<string> ids, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Page<StoredAnswer>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken) => throw new NotSupportedException();

        // The work ends at the second renewal: the first has to be survived.
        public Task<SaveResult> SaveAsync(TenantId tenant, IReadOnlyList<StoredAnswer> items, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken)
        {
            if (++_renewals == 2)
            {
                work.SetResult();
            }

            throw new PostgresException("could not serialize access", "ERROR", "ERROR", PostgresErrorCodes.SerializationFailure);
        }
    }
}
