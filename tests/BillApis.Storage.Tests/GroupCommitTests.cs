using BillApis.Storage.Sql;

namespace BillApis.Storage.Tests;

public sealed class GroupCommitTests
{
    private readonly List<string> _groups = [];
    private readonly Queue<TaskCompletionSource> _holds = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_comes_during_a_commit_shares_the_next_one_in_the_order_of_arrival()
    {
        using var commits = Open(maxWeight: 3);
        var hold = Hold();
        var all = "abcdefg".Select(item => commits.WriteAsync(item, Token)).ToList();
        all.ShouldAllBe(task => !task.IsCompleted);
        hold.SetResult();
        await Task.WhenAll(all);
        _groups.ShouldBe(["a", "bcd", "efg"]);
    }

    [Fact]
    public async Task What_cannot_be_written_fails_its_own_caller_alone()
    {
        using var commits = Open(maxWeight: 10);
        var hold = Hold();
        var all = "ab!c".Select(item => commits.WriteAsync(item, Token)).ToList();
        hold.SetResult();
        await Should.ThrowAsync<InvalidOperationException>(all[2]);
        await Task.WhenAll(all[0], all[1], all[3]);
        _groups.ShouldBe(["a", "b!c", "b", "!", "c"]);
        await commits.WriteAsync('d', Token);
    }

    [Fact]
    public async Task Who_gives_up_before_its_turn_is_left_out_and_holds_up_nobody()
    {
        using var commits = Open(maxWeight: 10);
        using var source = new CancellationTokenSource();
        var hold = Hold();
        var (first, impatient, patient) = (commits.WriteAsync('a', Token), commits.WriteAsync('b', source.Token), commits.WriteAsync('c', Token));
        await source.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(impatient);
        hold.SetResult();
        await Task.WhenAll(first, patient);
        await Should.ThrowAsync<OperationCanceledException>(commits.WriteAsync('d', source.Token));
        _groups.ShouldBe(["a", "c"]);
    }

    [Fact]
    public async Task Who_gives_up_in_its_turn_is_answered_what_became_of_it()
    {
        using var commits = Open(maxWeight: 10);
        using var source = new CancellationTokenSource();
        var hold = Hold();
        var writing = commits.WriteAsync('a', source.Token);
        await source.CancelAsync();
        writing.IsCompleted.ShouldBeFalse();
        hold.SetResult();
        await writing;
        _groups.ShouldBe(["a"]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Whatever_many_callers_do_each_item_is_written_once(int writers)
    {
        var written = new List<int>();
        using var commits = new GroupCommit<int>(
            async group =>
            {
                await Task.Yield();
                lock (written)
                {
                    written.AddRange(group);
                }
            },
            _ => 1,
            16,
            writers);
        await Task.WhenAll(Enumerable.Range(0, 32).Select(caller => Task.Run(
            async () =>
            {
                for (var i = 0; i < 100; i++)
                {
                    await commits.WriteAsync((caller * 100) + i, Token);
                }
            },
            Token)));
        written.Order().ShouldBe(Enumerable.Range(0, 3_200));
    }

    private GroupCommit<char> Open(int maxWeight) => new(
        async group =>
        {
            _groups.Add(string.Concat(group));
            await (_holds.TryDequeue(out var hold) ? hold.Task : Task.CompletedTask);
            if (group.Contains('!'))
            {
                throw new InvalidOperationException("!");
            }
        },
        _ => 1,
        maxWeight,
        1);

    private TaskCompletionSource Hold()
    {
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _holds.Enqueue(hold);
        return hold;
    }
}
