using BillApis.Ledger;
using BillApis.TigerBeetle.Native;
using BillApis.TigerBeetle.Tests.Simulator;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.TigerBeetle.Tests;

public sealed class NativeClientTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_goes_out_and_its_answer_comes_back_without_a_thread_that_waits()
    {
        var gate = new TaskCompletionSource();
        using var client = Client((operation, events) =>
        {
            gate.Task.Wait(Token);
            return (TbPacketStatus.Ok, [(byte)operation, .. events]);
        });
        var answer = client.SubmitAsync(TbOperation.LookupAccounts, new byte[] { 1, 2, 3 }, Token);
        answer.IsCompleted.ShouldBeFalse();
        gate.SetResult();
        (await answer).ShouldBe([140, 1, 2, 3]);
    }

    [Theory]
    [InlineData(TbPacketStatus.ClientEvicted, "has evicted this client")]
    [InlineData(TbPacketStatus.ClientReleaseTooLow, "runs a newer release than the client library")]
    [InlineData(TbPacketStatus.ClientReleaseTooHigh, "runs an older release than the client library")]
    [InlineData(TbPacketStatus.ClientShutdown, "is no longer connected")]
    public async Task A_client_that_the_cluster_refuses_says_why(object status, string message)
    {
        using var client = Client((_, _) => ((TbPacketStatus)status, []));
        var refusal = await Should.ThrowAsync<BillingException>(() => client.SubmitAsync(TbOperation.LookupAccounts, new byte[16], Token));
        refusal.Code.ShouldBe(BillingErrorCode.Unavailable);
        refusal.Message.ShouldContain(message);
    }

    [Fact]
    public async Task A_cluster_that_does_not_answer_is_told_and_a_caller_may_give_up()
    {
        using var client = Client((_, _) => null, seconds: 0);
        (await Should.ThrowAsync<BillingException>(() => client.SubmitAsync(TbOperation.LookupAccounts, new byte[16], Token))).Message.ShouldContain("has not answered within 0 seconds");

        using var patient = Client((_, _) => null);
        using var source = new CancellationTokenSource();
        var answer = patient.SubmitAsync(TbOperation.LookupAccounts, new byte[16], source.Token);
        await source.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => answer);
    }

    [Fact]
    public async Task What_is_under_way_ends_with_the_client()
    {
        var client = Client((_, _) => null);
        var answer = client.SubmitAsync(TbOperation.LookupAccounts, new byte[16], Token);
        client.Dispose();
        client.Dispose();
        (await Should.ThrowAsync<BillingException>(() => answer)).Message.ShouldContain("is no longer connected");
        (await Should.ThrowAsync<BillingException>(() => client.SubmitAsync(TbOperation.LookupAccounts, new byte[16], Token))).Message.ShouldContain("is no longer connected");
    }

    [Fact]
    public void An_address_that_cannot_be_read_is_told() =>
        Should.Throw<BillingException>(() => new NativeClient(new TigerBeetleOptions { Addresses = SimulatedLibrary.InvalidAddress }, SimulatedLibrary.Load())).Message.ShouldContain("'nowhere'");

    [Theory]
    [InlineData("/nowhere/libtb_client.so", "'/nowhere/libtb_client.so' cannot be loaded")]
    [InlineData("libc.so.6", "'libc.so.6' has no function tb_client_init")]
    [InlineData(null, "is not found")]
    public void A_library_that_is_not_the_client_is_told(string? library, string message)
    {
        var refusal = Should.Throw<BillingException>(() => new NativeClient(new TigerBeetleOptions { Library = library }));
        refusal.Code.ShouldBe(BillingErrorCode.Unavailable);
        refusal.Message.ShouldContain(message);
        refusal.Message.ShouldContain("Billing:TigerBeetle:Library");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_ledger_is_the_clusters_whichever_is_named_first(bool first)
    {
        var services = new ServiceCollection().AddBilling(billing =>
        {
            _ = first ? Use(billing).UseSqlite("Data Source=:memory:") : Use(billing.UseSqlite("Data Source=:memory:"));
        });
        await using var provider = services.BuildServiceProvider();
        Should.Throw<BillingException>(() => provider.GetRequiredService<ILedger>()).Message.ShouldContain("TigerBeetle");

        static BillingBuilder Use(BillingBuilder billing) => billing.UseTigerBeetle(options => options.Library = "/nowhere");
    }

    private static NativeClient Client(Func<TbOperation, byte[], (TbPacketStatus Status, byte[] Result)?> cluster, int seconds = 30) =>
        new(new TigerBeetleOptions { Addresses = SimulatedLibrary.Name(cluster), AnswerSeconds = seconds }, SimulatedLibrary.Load());
}
