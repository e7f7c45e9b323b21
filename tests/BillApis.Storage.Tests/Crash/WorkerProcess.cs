using System.Collections.Concurrent;
using System.Diagnostics;

namespace BillApis.Storage.Tests.Crash;

/// <summary>This very program again, as a process of its own that works for billing until it is killed.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = [];
    private readonly ConcurrentQueue<string> _errors = [];
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _working = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private WorkerProcess(Process process) => _process = process;

    /// <summary>What it said in whole lines; each stands for something that was answered to it.</summary>
    public IReadOnlyCollection<string> Said => [.. _output];

    /// <summary>Starts one and waits until it works.</summary>
    public static async Task<WorkerProcess> StartAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_TieredPGO"] = "0"; // It never lives long enough to gain from profiles.
        var worker = new WorkerProcess(new Process { StartInfo = start });
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) is not "BillApis.Storage.Tests")
        {
            start.FileName = Path.ChangeExtension(typeof(WorkerProcess).Assembly.Location, null);
        }

        foreach (var argument in (string[])[Program.Work, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        worker.Listen();
        await Task.WhenAny(worker._working.Task, worker._process.WaitForExitAsync()).WaitAsync(Patience);
        return worker._working.Task.IsCompleted ? worker : throw new InvalidOperationException($"The worker did not start: {string.Join('\n', worker._errors)}");
    }

    /// <summary>Waits until something was answered to it, or it ended.</summary>
    public Task AnsweredAsync() => Task.WhenAny(_answered.Task, _process.WaitForExitAsync()).WaitAsync(Patience);

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(Patience);
        _errors.ShouldBeEmpty();
    }

    /// <summary>Waits until it is done by itself.</summary>
    public async Task DoneAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience * 2);
        _process.ExitCode.ShouldBe(0, string.Join('\n', _errors));
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private void Listen()
    {
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is Program.Ready)
            {
                _working.TrySetResult();
            }
            else if (line.Data is { } said)
            {
                _output.Enqueue(said);
                _answered.TrySetResult();
            }
        };
        _process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { } said)
            {
                _errors.Enqueue(said);
            }
        };
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }
}
