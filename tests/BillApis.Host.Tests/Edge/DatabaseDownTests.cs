using BillApis.Identity;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace BillApis.Host.Tests;

/// <summary>A database that is down is told as such, and nothing of the inside is told at all.</summary>
public sealed class DatabaseDownTests(HostFixture host)
{
    [Fact]
    public async Task A_database_that_is_down_is_INT_002_and_any_other_surprise_INT_001()
    {
        (await LoginAsync(new BillingException(BillingErrorCode.Unavailable, "The database is down."))).ShouldFail(503, "INT_002");
        (await LoginAsync(new NpgsqlException("connection to 10.0.0.7 lost", new IOException("secret detail")))).ShouldFail(503, "INT_002");
        var surprise = await LoginAsync(new InvalidOperationException("secret detail"));
        surprise.ShouldFail(500, "INT_001");
        surprise.Envelope.GetRawText().ShouldNotContain("secret detail");
    }

    private async Task<Answer> LoginAsync(Exception failure)
    {
        using var broken = host.WithWebHostBuilder(builder => builder.ConfigureTestServices(services => services.AddSingleton<IStore<Session>>(new Broken(failure))));
        return await new Api(broken.CreateClient(), null).PostAsync("/auth/refresh", new { refresh_token = $"{EntityId.New<TenantId>()}.{EntityId.New<SessionId>()}.x" });
    }

    private sealed class Broken(Exception failure) : IStore<Session>
    {
        public Task<Session?> FindAsync(TenantId tenant, string reference, CancellationToken cancellationToken) => throw failure;

        public Task<IReadOnlyList<Session>> FindManyAsync(TenantId tenant, IReadOnlyCollection<string> ids, CancellationToken cancellationToken) => throw failure;

        public Task<Page<Session>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken) => throw failure;

        public Task<SaveResult> SaveAsync(TenantId tenant, IReadOnlyList<Session> items, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken) => throw failure;
    }
}
