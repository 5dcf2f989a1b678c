"""An import of files with live progress, over Server-Sent Events.

``python -m examples.fastapi_streaming`` serves the application on a free port and reads two imports: one to its end,
and one that it leaves in the middle. It prints::

    POST /process-files
      start: Processing...
      progress: a.txt processed
      progress: b.txt processed
      complete
    POST /process-files, and away while the film is processed, which takes an hour
      start: Processing...
      progress: a.txt processed
    What the service saw of it
      session opened
      a.txt noted in the journal
      handler stopped
      session closed

Read ``files`` first: it knows nothing of HTTP. Then ``app``, which has the endpoint twice: in one line, and written by
hand. ``uvicorn examples.fastapi_streaming.app:app`` serves it.
"""
