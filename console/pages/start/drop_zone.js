// A place to drop the files of a data set, or its folder. It names what was chosen with `chosen`,
// sends when it is told to, a file after the other, and says with `sent` which ones failed.
export default {
  template: `
    <div
      class="drop-zone"
      :class="{ 'drop-zone-over': over }"
      @dragover.prevent="over = enabled"
      @dragleave="over = false"
      @drop.prevent="drop"
    >
      <div>Drop the files of a data set here, or its folder</div>
      <div class="drop-zone-buttons">
        <button type="button" :disabled="!enabled || busy" @click="$refs.files.click()">Choose files</button>
        <button type="button" :disabled="!enabled || busy" @click="$refs.folder.click()">Choose a folder</button>
      </div>
      <input ref="files" type="file" multiple hidden aria-label="Files of the data set" @change="pick" />
      <input ref="folder" type="file" webkitdirectory hidden aria-label="Folder of the data set" @change="pick" />
      <ul v-if="rows.length">
        <li v-for="row in rows" :key="row.name">
          <label>
            <span class="drop-zone-name">{{ row.name }}</span>
            <progress :value="row.done" :max="row.size || 1"></progress>
          </label>
          <span role="status">{{ row.said }}</span>
        </li>
      </ul>
    </div>
  `,
  props: { enabled: Boolean },
  data() {
    return { over: false, busy: false, rows: [] };
  },
  methods: {
    pick(event) {
      const files = [...event.target.files];
      const folder = files.length ? files[0].webkitRelativePath.split("/")[0] : "";
      this.choose(files, folder);
      event.target.value = "";
    },
    async drop(event) {
      this.over = false;
      if (!this.enabled || this.busy) return;
      // Entries are gone once this handler has returned: take them first.
      const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
      const folder = entries.length === 1 && entries[0].isDirectory ? entries[0].name : "";
      // What was dragged out of another page is a file without an entry.
      const files = entries.length ? [] : [...event.dataTransfer.files];
      for (const entry of entries) files.push(...(await filesOf(entry)));
      this.choose(files, folder);
    },
    choose(found, folder) {
      // What a file manager leaves in a folder is no data.
      const files = found.filter((file) => !file.name.startsWith("."));
      // A manifest says what belongs to the data set: it goes first.
      files.sort((a, b) => (b.name === "manifest.json") - (a.name === "manifest.json"));
      this.rows = files.slice(0, 1000).map((file) => ({ name: file.name, size: file.size, done: 0, said: "waits" }));
      this.files = files;
      this.$emit("chosen", { folder, files: this.rows.map(({ name, size }) => ({ name, size })) });
    },
    forget() {
      this.rows = [];
      this.files = [];
    },
    async send(dataset) {
      this.busy = true;
      let failed = 0;
      for (const [number, file] of this.files.entries()) {
        const row = this.rows[number];
        row.said = "0 %";
        const problem = await put(dataset, file, (done) => {
          row.done = done;
          row.said = done < file.size ? `${Math.floor((100 * done) / file.size)} %` : "to S3 ...";
        });
        row.said = problem || "done";
        if (problem) failed += 1;
        else row.done = row.size || 1;
      }
      this.busy = false;
      this.$emit("sent", { failed });
    },
  },
};

// Resolves to what went wrong, or to nothing.
function put(dataset, file, progress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = (event) => progress(event.loaded);
    request.onload = () => resolve(request.status === 200 ? "" : request.responseText || `HTTP ${request.status}`);
    request.onerror = () => resolve("the console does not answer, or has refused it");
    try {
      request.open("PUT", `/uploads/${encodeURIComponent(dataset)}/${encodeURIComponent(file.name)}`);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.send(file);
    } catch (error) {
      resolve(String(error));
    }
  });
}

// The files directly in a folder: a data set has no folders in it.
async function filesOf(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const files = [];
  // A reader gives a part at a time, and nothing at the end.
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return files;
    for (const each of entries) if (each.isFile) files.push(...(await filesOf(each)));
  }
}
